import { useQuery } from '@tanstack/react-query'
import type { ChosenJobs } from '#api/types.ts'
import { useForm } from '#lib/use-form.ts'
import { TextField } from '#ui/field.tsx'
import { act, MOST } from './job-actions.ts'
import type { Deed } from './job-filter.ts'
import { countQuery } from './queries.ts'
import { Question } from './question.tsx'
import { sayJobs } from './words.ts'

/** What is to be done, and with which jobs; their number is null when they are to be counted. */
export interface Intent {
  deed: Deed
  jobs: ChosenJobs
  number: number | null
}

const NAMES: Record<Deed, string> = { retry: 'Retry', cancel: 'Cancel', forget: 'Forget' }

const NOTES: Record<Deed, string> = {
  retry: 'The same jobs wait again, with all their tries.',
  cancel: 'They end here and are not run again. What runs is aborted within five seconds.',
  forget: 'They are deleted with all that is known of them. This cannot be undone.',
}

interface DeedDialogProps {
  intent: Intent
  /** How many each second is offered at first. */
  pace?: number
  onClose: () => void
  onDone: () => void
}

/** Says how many jobs are meant and asks before anything is done with them. */
export function DeedDialog({ intent, pace, onClose, onDone }: DeedDialogProps) {
  const { deed, jobs } = intent
  const { data: counted } = useQuery({ ...countQuery(deed, jobs), enabled: intent.number === null })
  const number = intent.number ?? counted?.jobs ?? null
  const form = useForm(
    ({ per_second: perSecond }) => act(deed, jobs, { perSecond: perSecond ? Number(perSecond) : undefined }),
    onDone,
  )
  const who = number === null ? 'all jobs that match' : sayJobs(number)
  const isCut = number === null || number > MOST || counted?.more === true
  return (
    <Question
      title={`${NAMES[deed]} ${who}?`}
      note={isCut ? `${NOTES[deed]} At most ${MOST.toLocaleString('en-US')} at a time.` : NOTES[deed]}
      action={`${NAMES[deed]} ${who}`}
      dismiss={deed === 'cancel' ? 'Leave them' : 'Cancel'}
      danger={deed !== 'retry'}
      busy={form.busy}
      problem={form.problem}
      onSubmit={(event) => void form.onSubmit(event)}
      onClose={onClose}
    >
      {deed === 'retry' && number !== 1 ? (
        <TextField
          label="How many each second"
          name="per_second"
          type="number"
          inputMode="numeric"
          min={1}
          max={1000}
          defaultValue={pace}
          hint="All at once when left empty."
          error={form.error('per_second')}
        />
      ) : null}
    </Question>
  )
}
