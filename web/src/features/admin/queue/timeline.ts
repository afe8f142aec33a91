import type { JobAttempt, JobDetails } from '#api/types.ts'
import { sayOutcome } from './words.ts'

export interface Happening {
  at: string
  what: string
  /** When it ended; null while it goes on, left out when it took no time. */
  ended?: string | null
  error?: string | null
  worker?: string | null
  /** What was logged meanwhile, and how many lines more than that. */
  log?: Pick<JobAttempt, 'log' | 'log_more'>
  tone: 'plain' | 'good' | 'bad'
  /** It has not happened yet. */
  ahead?: boolean
}

const TONES: Record<string, Happening['tone']> = {
  done: 'good',
  failed: 'bad',
  retried: 'bad',
  expired: 'bad',
}

function ending({ state, ended_at: at, history }: JobDetails): Happening[] {
  if (!at) return []
  const last = history.at(-1)?.outcome
  if (state === 'done') return last === 'done' ? [] : [{ at, what: 'Done', tone: 'good' }]
  if (state === 'cancelled') return [{ at, what: 'Cancelled by an operator', tone: 'plain' }]
  // The last attempt says it, unless it was lost.
  return state === 'failed' && last !== 'failed' ? [{ at, what: 'Failed for good', tone: 'bad' }] : []
}

/** All that happened to a job and is still known, oldest first, and when it is due next. */
export function timelineOf(job: JobDetails, now: number): Happening[] {
  const attempts = job.history.map((attempt): Happening => ({
    at: attempt.started_at,
    what: `Attempt ${attempt.number}: ${sayOutcome(attempt)}`,
    ended: attempt.ended_at,
    error: attempt.error,
    worker: attempt.worker,
    log: attempt,
    tone: TONES[attempt.outcome ?? ''] ?? 'plain',
  }))
  const waits = job.state === 'ready' || job.state === 'scheduled'
  const due: Happening[] =
    waits && job.due_at
      ? [{ at: job.due_at, what: 'Due', tone: 'plain', ahead: Date.parse(job.due_at) > now }]
      : []
  const happenings = [
    { at: job.pushed_at, what: 'Pushed', tone: 'plain' } satisfies Happening,
    ...attempts,
    ...due,
    ...ending(job),
  ]
  // Of what happens at once, what is named first above comes first.
  return happenings.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))
}
