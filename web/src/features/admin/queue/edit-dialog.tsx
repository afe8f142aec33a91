import { useState, type FormEvent } from 'react'
import { useForm } from '#lib/use-form.ts'
import { classes } from '#lib/classes.ts'
import { Field, INPUT } from '#ui/field.tsx'
import { act } from './job-actions.ts'
import { parsePayload } from './payload.ts'
import { Question } from './question.tsx'
import { pretty } from './words.ts'

interface EditDialogProps {
  id: string
  payload: string
  onClose: () => void
}

/** Tries a failed job again with other data. */
export function EditDialog({ id, payload, onClose }: EditDialogProps) {
  const [text, setText] = useState(() => pretty(payload))
  const [wrong, setWrong] = useState<string | null>(null)
  const form = useForm(() => {
    const parsed = parsePayload(text)
    if ('wrong' in parsed) throw new Error(parsed.wrong)
    return act('retry', { ids: [id] }, { payload: parsed.payload })
  }, onClose)

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    const parsed = parsePayload(text)
    if (!('wrong' in parsed)) return void form.onSubmit(event)
    event.preventDefault()
    setWrong(parsed.wrong)
    const control = event.currentTarget.elements.namedItem('payload')
    if (control instanceof HTMLElement) control.focus()
  }
  return (
    <Question
      title="Edit and retry"
      note="The job waits again with this data in place of what it has. What it is given has to fit its kind, or it fails again."
      action="Retry with this data"
      wide
      busy={form.busy}
      problem={wrong ? null : form.problem}
      onSubmit={onSubmit}
      onClose={onClose}
    >
      <Field label="Data, as JSON" error={wrong ?? form.error('payload')}>
        {(control) => (
          <textarea
            {...control}
            autoFocus
            name="payload"
            rows={Math.min(18, Math.max(6, text.split('\n').length + 1))}
            spellCheck={false}
            autoComplete="off"
            className={classes(INPUT, 'h-auto resize-y py-2 font-mono !text-xs leading-5 touch:h-auto')}
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              setWrong(null)
            }}
          />
        )}
      </Field>
    </Question>
  )
}
