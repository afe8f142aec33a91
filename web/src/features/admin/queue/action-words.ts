import type { JobAction } from '#api/types.ts'

const DONE: Record<string, string> = {
  retry: 'retried',
  cancel: 'cancelled',
  forget: 'forgot',
  pause: 'paused',
  resume: 'resumed',
  run: 'ran',
  scale: 'scaled',
  watch: 'watched',
  unwatch: 'stopped watching',
}

/** What is done with jobs, and not with something that has a name. */
const JOB_ACTIONS = new Set(['retry', 'cancel', 'forget'])

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

export interface Told {
  verb: string
  /** The job it was done with, if it was one. */
  job: string | null
  /** What else it was done with: "12 jobs", or the name of a queue or kind. */
  target: string
  /** Those of several jobs that are named. */
  jobs: string[]
  /** The reason, or how it was done. */
  more: string
}

/** What a line of the log says. The details of several jobs are their ids, and then how it was done. */
export function tell({ action, target, detail }: JobAction): Told {
  const isOfJobs = JOB_ACTIONS.has(action)
  const [job] = (isOfJobs && target.match(ID)) || []
  const jobs = isOfJobs ? (detail.match(ID) ?? []) : []
  const cut = jobs.length > 0 ? detail.slice(detail.lastIndexOf(jobs.at(-1) ?? '') + 36) : detail
  return { verb: DONE[action] ?? action, job: job ?? null, target, jobs, more: cut.trim() }
}
