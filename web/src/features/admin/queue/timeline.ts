import type { JobDetails } from '#api/types.ts'
import { sayOutcome } from './words.ts'

export interface Happening {
  at: string
  what: string
  /** When it ended; null while it goes on, left out when it took no time. */
  ended?: string | null
  error?: string | null
  worker?: string | null
  tone: 'plain' | 'good' | 'bad'
  /** It has not happened yet. */
  ahead?: boolean
}

const TONES: Record<string, Happening['tone']> = { failed: 'bad', retried: 'bad', expired: 'bad' }

/** Nothing is kept of the attempts of a job that was done: the last one is known by its times. */
function lastAttempt(job: JobDetails): Happening[] {
  const isKnown = job.history.some(({ started_at: at }) => at === job.started_at)
  if (!job.started_at || isKnown || job.state === 'ready' || job.state === 'scheduled') return []
  const ended = job.state === 'running' ? null : job.ended_at
  return [
    {
      at: job.started_at,
      what: `Attempt ${job.attempts}`,
      ended,
      worker: job.worker,
      tone: job.state === 'done' ? 'good' : 'plain',
    },
  ]
}

function ending({ state, ended_at: at, history }: JobDetails): Happening[] {
  if (!at) return []
  if (state === 'done') return [{ at, what: 'Done', tone: 'good' }]
  if (state === 'cancelled') return [{ at, what: 'Cancelled by an operator', tone: 'plain' }]
  // The last attempt says it, unless it was lost.
  const isSaid = history.at(-1)?.outcome === 'failed'
  return state === 'failed' && !isSaid ? [{ at, what: 'Failed for good', tone: 'bad' }] : []
}

/** All that happened to a job and is still known, oldest first, and when it is due next. */
export function timelineOf(job: JobDetails, now: number): Happening[] {
  const attempts = job.history.map((attempt): Happening => ({
    at: attempt.started_at,
    what: `Attempt ${attempt.number}: ${sayOutcome(attempt)}`,
    ended: attempt.ended_at,
    error: attempt.error,
    worker: attempt.worker,
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
    ...lastAttempt(job),
    ...due,
    ...ending(job),
  ]
  // Of what happens at once, what is named first above comes first.
  return happenings.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))
}
