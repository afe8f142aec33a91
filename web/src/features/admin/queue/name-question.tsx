import { useForm } from '#lib/use-form.ts'
import { TextField } from '#ui/field.tsx'
import { refresh } from './job-actions.ts'
import { Question } from './question.tsx'

interface NameQuestionProps {
  title: string
  note?: string
  /** What the button says. */
  action: string
  /** What the field is called. */
  label: string
  hint: string
  maxLength: number
  /** Refusals of the field name it `id`, as the path does. */
  save: (name: string) => Promise<unknown>
  onClose: () => void
}

/** Asks for the one name that something is kept under, and keeps it. */
export function NameQuestion({ title, note, action, save, onClose, ...field }: NameQuestionProps) {
  const form = useForm(
    ({ id = '' }) => save(id),
    () => {
      onClose()
      void refresh()
    },
  )
  return (
    <Question
      title={title}
      note={note}
      action={action}
      busy={form.busy}
      problem={form.problem}
      onSubmit={(event) => void form.onSubmit(event)}
      onClose={onClose}
    >
      <TextField {...field} name="id" required autoComplete="off" error={form.error('id')} />
    </Question>
  )
}
