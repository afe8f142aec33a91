import { answer, api } from '#api/client.ts'
import { say } from '#lib/toasts.ts'
import { useForm } from '#lib/use-form.ts'
import { Field, INPUT, TextField } from '#ui/field.tsx'
import { refresh } from './job-actions.ts'
import { Question } from './question.tsx'
import { sayName } from './words.ts'

const LENGTHS: [string, string][] = [
  ['15', '15 minutes'],
  ['60', 'an hour'],
  ['240', '4 hours'],
  ['1440', 'a day'],
  ['10080', 'a week'],
  ['', 'until somebody resumes it'],
]

/** What is to be paused: a queue or a schedule by its name, or one of these kinds. */
type Pausing = { queue: string } | { schedule: string } | { kinds: string[] }

interface PauseDialogProps {
  what: Pausing
  onClose: () => void
}

/** Sends what was asked for; answers what is paused. */
async function pause(what: Pausing, { kind = '', reason, minutes }: Record<string, string>): Promise<string> {
  const body = { reason: reason || undefined, minutes: minutes ? Number(minutes) : undefined }
  if ('schedule' in what) {
    const params = { path: { id: what.schedule } }
    await answer(api.POST('/api/v1/admin/schedules/{id}/pause', { params, body }))
    return sayName(what.schedule)
  }
  if ('queue' in what) {
    const params = { path: { id: what.queue } }
    await answer(api.POST('/api/v1/admin/queues/{id}/pause', { params, body }))
    return what.queue
  }
  const params = { path: { id: kind } }
  await answer(api.POST('/api/v1/admin/job-kinds/{id}/pause', { params, body }))
  return kind
}

const titleOf = (what: Pausing) =>
  'kinds' in what ? 'Pause a kind of jobs' : `Pause ${'queue' in what ? what.queue : sayName(what.schedule)}`

/** Asks why, and for how long. */
export function PauseDialog({ what, onClose }: PauseDialogProps) {
  const form = useForm(
    (values) => pause(what, values),
    (name) => {
      say(`Paused ${name}`)
      onClose()
      void refresh()
    },
  )
  return (
    <Question
      title={titleOf(what)}
      note={
        'schedule' in what
          ? 'It does not fire. What it has pushed already is run.'
          : 'No more of its jobs are taken. What runs goes on, and jobs can still be added.'
      }
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
