import { Download } from 'lucide-react'
import { PageHeader, ScrollPage } from '#ui/page.tsx'
import { ImportSection } from './import-section.tsx'

const EXPORTS = [
  ['json', 'Duly JSON', 'Everything, and can be imported again'],
  ['csv', 'CSV', 'For spreadsheets'],
  ['todotxt', 'todo.txt', 'Plain text, one task a line'],
  ['ics', 'iCalendar', 'For calendar programs'],
] as const

export function TransferPage() {
  return (
    <ScrollPage>
      <PageHeader
        title="Import and export"
        note="Bring the tasks you have; take them with you when you go."
      />
      <ImportSection />
      <section aria-labelledby="export" className="grid gap-3">
        <h2 id="export" className="text-base font-semibold">
          Export
        </h2>
        <ul className="grid gap-2 sm:grid-cols-2">
          {EXPORTS.map(([format, name, what]) => (
            <li key={format}>
              <a
                href={`/api/v1/export?format=${format}`}
                download
                className="flex items-center gap-3 rounded-lg border border-line px-4 py-3 hover:bg-hover"
              >
                <Download size={16} className="shrink-0 text-soft" aria-hidden />
                <span>
                  <span className="block font-medium">{name}</span>
                  <span className="block text-sm text-soft">{what}</span>
                </span>
              </a>
            </li>
          ))}
        </ul>
      </section>
    </ScrollPage>
  )
}
