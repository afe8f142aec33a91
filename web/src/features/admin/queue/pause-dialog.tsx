import { answer, api } from '#api/client.ts'
import { say } from '#lib/toasts.ts'
import { useForm } from '#lib/use-form.ts'
import { Field, INPUT, TextField } from '#ui/field.tsx'
import { refresh } from './job-actions.ts'
import { Question } from './question.tsx'

const LENGTHS: [string, string][] = [
  ['15', '15 minutes'],
  ['60', 'an hour'],
  ['240', '4 hours'],
  ['1440', 'a day'],
  ['10080', 'a week'],
  ['', 'until somebody resumes it'],
]

/** What is to be paused: a queue by its name, or one of these kinds. */
type Pausing = { queue: string } | { kinds: string[] }

interface PauseDialogProps {
  what: Pausing
  onClose: () => void
}

/** Asks why, and for how long. */
export function PauseDialog({ what, onClose }: PauseDialogProps) {
  const form = useForm(
    async ({ kind = '', reason, minutes }) => {
      const body = { reason: reason || undefined, minutes: minutes ? Number(minutes) : undefined }
      if ('queue' in what) {
        const path = { id: what.queue }
        await answer(api.POST('/api/v1/admin/queues/{id}/pause', { params: { path }, body }))
        return what.queue
      }
      const path = { id: kind }
      await answer(api.POST('/api/v1/admin/job-kinds/{id}/pause', { params: { path }, body }))
      return kind
    },
    (name) => {
      say(`Paused ${name}`)
      onClose()
      void refresh()
    },
  )
  return (
    <Question
      title={'queue' in what ? `Pause ${what.queue}` : 'Pause a kind of jobs'}
      note="No more of its jobs are taken. What runs goes on, and jobs can still be added."
      action="Pause"
      busy={form.busy}
      problem={form.problem}
      onSubmit={(event) => void form.onSubmit(event)}
      onClose={onClose}
    >
      {'kinds' in what ? (
        <Choice label="Kind" name="kind" options={what.kinds.map((kind) => [kind, kind])} />
      ) : null}
      <TextField
        label="Reason"
        name="reason"
        maxLength={500}
        autoComplete="off"
        hint="For others who operate."
        error={form.error('reason')}
      />
      <Choice
        label="For how long"
        name="minutes"
        options={LENGTHS}
        start="60"
        error={form.error('minutes')}
      />
    </Question>
  )
}

interface ChoiceProps {
  label: string
  name: string
  options: [value: string, name: string][]
  start?: string
  error?: string | undefined
}

function Choice({ label, name, options, start, error }: ChoiceProps) {
  return (
    <Field label={label} error={error}>
      {(control) => (
        <select {...control} name={name} className={INPUT} defaultValue={start}>
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
