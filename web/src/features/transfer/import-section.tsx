import { useQueryClient } from '@tanstack/react-query'
import { Upload } from 'lucide-react'
import { useId, useState, type DragEvent } from 'react'
import { sayError } from '#api/client.ts'
import type { ImportReport } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { say } from '#lib/toasts.ts'
import { Button } from '#ui/button.tsx'
import { Field, INPUT } from '#ui/field.tsx'
import { FormProblem } from '#ui/form-problem.tsx'
import { ReportView } from './report.tsx'
import { sendFile } from './send-file.ts'

const FORMATS = [
  ['auto', 'Find out from the file'],
  ['duly', 'Duly JSON'],
  ['taskwarrior', 'Taskwarrior (task export)'],
  ['todotxt', 'todo.txt'],
  ['ics', 'iCalendar (VTODO)'],
  ['todoist', 'Todoist CSV'],
] as const

type Stage =
  | { at: 'choosing' }
  | { at: 'sending'; dryRun: boolean; share: number }
  | { at: 'checked'; report: ImportReport }
  | { at: 'done'; report: ImportReport }

/** What the server takes unless its operator says otherwise. */
const LARGEST_FILE = 10 * 1024 * 1024

/** Drop a file, look at what would happen, then let it happen. */
export function ImportSection() {
  const queries = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [format, setFormat] = useState('auto')
  const [keepGoing, setKeepGoing] = useState(false)
  const [stage, setStage] = useState<Stage>({ at: 'choosing' })
  const [problem, setProblem] = useState<string | null>(null)

  async function run(chosen: File, dryRun: boolean, as = format) {
    setProblem(null)
    setStage({ at: 'sending', dryRun, share: 0 })
    try {
      const report = await sendFile(chosen, { dryRun, format: as, keepGoing: dryRun || keepGoing }, (share) =>
        setStage({ at: 'sending', dryRun, share }),
      )
      const imported = !dryRun && (report.refused === 0 || keepGoing)
      setStage({ at: imported ? 'done' : 'checked', report })
      if (imported) {
        say(
          `Imported ${report.created + report.changed} ${report.created + report.changed === 1 ? 'task' : 'tasks'}`,
        )
        void queries.invalidateQueries()
      }
    } catch (error) {
      setStage({ at: 'choosing' })
      setProblem(sayError(error))
    }
  }
  function choose(next: File | undefined) {
    if (!next) return
    setFile(next)
    setKeepGoing(false)
    // The server ends such a connection while the file is still going out, and its reason is lost.
    if (next.size > LARGEST_FILE) {
      setStage({ at: 'choosing' })
      setProblem('The file is larger than 10 MiB. Split it, or ask your operator to import it.')
      return
    }
    void run(next, true)
  }

  const report = stage.at === 'checked' || stage.at === 'done' ? stage.report : null
  const useful = report ? report.created + report.changed : 0
  return (
    <section aria-labelledby="import" className="grid gap-4">
      <h2 id="import" className="text-base font-semibold">
        Import
      </h2>
      <FormProblem text={problem} />
      <DropZone file={file} onFile={choose} />
      <Field label="Format">
        {(control) => (
          <select
            {...control}
            className={classes(INPUT, 'max-w-72')}
            value={format}
            onChange={(event) => {
              setFormat(event.target.value)
              if (file) void run(file, true, event.target.value)
            }}
          >
            {FORMATS.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {stage.at === 'sending' ? <Sending dryRun={stage.dryRun} share={stage.share} /> : null}
      {report ? <ReportView report={report} imported={stage.at === 'done'} /> : null}
      {stage.at === 'checked' && file && report ? (
        <div className="flex flex-wrap items-center gap-4">
          <Button
            look="primary"
            disabled={useful === 0 || (report.refused > 0 && !keepGoing)}
            onClick={() => void run(file, false)}
          >
            Import {useful} {useful === 1 ? 'task' : 'tasks'}
          </Button>
          {report.refused > 0 ? (
            <label className="flex items-center gap-2 text-sm touch:min-h-11">
              <input
                type="checkbox"
                className="check"
                checked={keepGoing}
                onChange={(event) => setKeepGoing(event.target.checked)}
              />
              Leave out the {report.refused} refused and import the rest
            </label>
          ) : null}
        </div>
      ) : null}
    </section>
  )
}

function Sending({ dryRun, share }: { dryRun: boolean; share: number }) {
  const id = useId()
  return (
    <div role="status" className="grid gap-1.5 text-sm text-soft">
      <span id={id}>{dryRun ? 'Reading the file…' : 'Importing…'}</span>
      <progress
        aria-labelledby={id}
        value={share < 1 ? share : undefined}
        max={1}
        className="h-1.5 w-full overflow-hidden rounded-full accent-accent"
      />
    </div>
  )
}

function DropZone({ file, onFile }: { file: File | null; onFile: (file: File | undefined) => void }) {
  const [over, setOver] = useState(false)
  const drag = (state: boolean) => (event: DragEvent) => {
    event.preventDefault()
    setOver(state)
  }
  return (
    <label
      className={classes(
        'flex flex-col items-center gap-2 rounded-xl border-2 border-dashed px-6 py-10 text-center transition-colors has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
        over ? 'border-accent bg-accent-wash' : 'border-line hover:bg-hover',
      )}
      onDragOver={drag(true)}
      onDragLeave={drag(false)}
      onDrop={(event) => {
        drag(false)(event)
        onFile(event.dataTransfer.files[0])
      }}
    >
      <Upload size={22} className="text-soft" aria-hidden />
      <span className="font-medium">{file ? file.name : 'Drop a file here, or choose one'}</span>
      <span className="text-sm text-soft">
        Taskwarrior, todo.txt, iCalendar, Todoist or Duly’s own. Nothing is changed before you have seen what
        would be.
      </span>
      <input
        type="file"
        aria-label="File to import"
        className="sr-only"
        onChange={(event) => {
          onFile(event.target.files?.[0])
          // So that the same file can be chosen again after it was corrected.
          event.target.value = ''
        }}
      />
    </label>
  )
}
