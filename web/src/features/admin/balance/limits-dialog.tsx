import type { FormEvent } from 'react'
import { answer, api } from '#api/client.ts'
import type { QueueLimits } from '#api/types.ts'
import { say } from '#lib/toasts.ts'
import { useForm } from '#lib/use-form.ts'
import { TextField } from '#ui/field.tsx'
import { refresh } from '../queue/job-actions.ts'
import { Question } from '../queue/question.tsx'
import { changedLimits, LIMITS } from './limits.ts'

interface LimitsDialogProps {
  limits: QueueLimits
  onClose: () => void
}

/** Changes what a queue may have. */
export function LimitsDialog({ limits, onClose }: LimitsDialogProps) {
  const { queue } = limits
  const form = useForm(
    async (values) => {
      const body = changedLimits(limits, values)
      if (Object.keys(body).length === 0) return
      await answer(api.PUT('/api/v1/admin/queues/{id}/settings', { params: { path: { id: queue } }, body }))
    },
    () => {
      say(`Changed ${queue}`)
      onClose()
      void refresh()
    },
  )
  function onSubmit(event: FormEvent<HTMLFormElement>) {
    // What is no number reads as nothing, which would take a bound away.
    if (event.currentTarget.reportValidity()) void form.onSubmit(event)
    else event.preventDefault()
  }
  return (
    <Question
      title={`What ${queue} may have`}
      note="In force with the next decision, whatever the configuration says. Jobs that run are not touched."
      action="Save"
      busy={form.busy}
      problem={form.problem}
      onSubmit={onSubmit}
      onClose={onClose}
    >
      {LIMITS.map(({ name, label, least, hint }) => (
        <TextField
          key={name}
          label={label}
          name={name}
          type="number"
          inputMode="numeric"
          min={least}
          required={name !== 'max'}
          autoComplete="off"
          defaultValue={limits[name] ?? ''}
          hint={hint}
          error={form.error(name)}
        />
      ))}
    </Question>
  )
}
