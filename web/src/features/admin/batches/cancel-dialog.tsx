import { answer, api } from '#api/client.ts'
import type { Batch } from '#api/types.ts'
import { say } from '#lib/toasts.ts'
import { useForm } from '#lib/use-form.ts'
import { refresh } from '../queue/job-actions.ts'
import { Question } from '../queue/question.tsx'
import { sayJobs } from '../queue/words.ts'

interface CancelDialogProps {
  batch: Batch
  onClose: () => void
}

/** Asks before what is left of a batch is cancelled. */
export function CancelDialog({ batch: { id, name, pending }, onClose }: CancelDialogProps) {
  const form = useForm(
    () => answer(api.POST('/api/v1/admin/batches/{id}/cancel', { params: { path: { id } } })),
    () => {
      say(`Cancelled ${name}`)
      onClose()
      void refresh()
    },
  )
  return (
    <Question
      title={`Cancel ${name}?`}
      note={`${sayJobs(pending)} that ${pending === 1 ? 'waits or runs ends' : 'wait or run end'} here and ${
        pending === 1 ? 'is' : 'are'
      } not run again. What has ended stays as it is.`}
      action="Cancel batch"
      dismiss="Leave it"
      danger
      busy={form.busy}
      problem={form.problem}
      onSubmit={(event) => void form.onSubmit(event)}
      onClose={onClose}
    />
  )
}
