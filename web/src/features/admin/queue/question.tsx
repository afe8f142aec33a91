import type { FormEvent, ReactNode } from 'react'
import { Button } from '#ui/button.tsx'
import { FormProblem } from '#ui/form-problem.tsx'
import { Modal } from '#ui/modal.tsx'

interface QuestionProps {
  title: string
  note?: ReactNode
  /** What the button says that does it. */
  action: string
  danger?: boolean
  /** What the button says that does not. */
  dismiss?: string
  busy: boolean
  problem: string | null
  wide?: boolean
  onSubmit: (event: FormEvent<HTMLFormElement>) => void
  onClose: () => void
  children?: ReactNode
}

/** Asks before something is done, and for what it takes to do it. */
export function Question(props: QuestionProps) {
  const {
    title,
    note,
    action,
    dismiss = 'Cancel',
    danger,
    busy,
    problem,
    wide,
    onSubmit,
    onClose,
    children,
  } = props
  return (
    <Modal
      label={title}
      onClose={onClose}
      className={`mx-auto mt-[12vh] max-h-[80dvh] animate-rise overflow-y-auto max-md:mt-3 ${
        wide ? 'w-[min(680px,calc(100%-24px))]' : 'w-[min(460px,calc(100%-24px))]'
      }`}
    >
      <form className="grid gap-4 p-5 md:p-6" onSubmit={onSubmit} noValidate>
        <div>
          <h2 className="text-lg font-semibold [overflow-wrap:anywhere]">{title}</h2>
          {note ? <p className="mt-1 text-base text-soft [overflow-wrap:anywhere]">{note}</p> : null}
        </div>
        <FormProblem text={problem} />
        {children}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{dismiss}</Button>
          <Button type="submit" look={danger ? 'danger' : 'primary'} busy={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
