import { useState } from 'react'
import type { ImportReport } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { Button } from '#ui/button.tsx'

type Outcome = ImportReport['rows'][number]['outcome']

const OUTCOMES: readonly Outcome[] = ['refused', 'changed', 'created', 'unchanged']
const NAMES: Record<Outcome, string> = {
  created: 'New',
  changed: 'Changed',
  unchanged: 'Here already',
  refused: 'Refused',
}
const SHOWN = 100

/** What an import did, or would do: the counts, and each row that needs to be looked at. */
export function ReportView({ report, imported }: { report: ImportReport; imported: boolean }) {
  const present = OUTCOMES.filter((outcome) => report[outcome] > 0)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [limit, setLimit] = useState(SHOWN)
  const rows = report.rows.filter((row) => outcome === null || row.outcome === outcome)
  return (
    <div className="grid gap-3">
      <p role="status" className="font-medium">
        {imported
          ? `Done: ${report.created} new, ${report.changed} changed, ${report.unchanged} were here already.`
          : `${report.total} ${report.total === 1 ? 'row' : 'rows'} read as ${report.format}. Nothing has been changed yet.`}
      </p>
      <div role="group" aria-label="Show" className="flex flex-wrap gap-1.5">
        {present.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={outcome === one}
            className={classes(
              'h-8 rounded-full border px-3 text-sm tabular-nums touch:h-11',
              outcome === one ? 'border-accent bg-accent-wash text-accent' : 'border-line hover:bg-hover',
              one === 'refused' && outcome !== one && 'text-danger',
            )}
            onClick={() => setOutcome(outcome === one ? null : one)}
          >
            {NAMES[one]} {report[one]}
          </button>
        ))}
      </div>
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Rows of the file">
        <table className="w-full text-left text-sm">
          <thead className="text-xs text-soft">
            <tr className="border-b border-line">
              <th scope="col" className="w-14 py-1.5 font-medium">
                Line
              </th>
              <th scope="col" className="w-28 py-1.5 font-medium">
                Outcome
              </th>
              <th scope="col" className="py-1.5 font-medium">
                Task
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, limit).map((row, index) => (
              <tr key={`${row.line}-${index}`} className="border-b border-line align-top last:border-0">
                <td className="py-1.5 text-soft tabular-nums">{row.line}</td>
                <td className={classes('py-1.5', row.outcome === 'refused' && 'text-danger')}>
                  {NAMES[row.outcome]}
                </td>
                <td className="py-1.5">
                  {row.title ?? <span className="text-soft">no title</span>}
                  {row.reasons.map((reason) => (
                    <span key={reason} className="block text-xs text-soft">
                      {reason}
                    </span>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > limit ? (
        <Button className="justify-self-start" onClick={() => setLimit(limit + SHOWN * 5)}>
          Show more of {rows.length}
        </Button>
      ) : null}
    </div>
  )
}
