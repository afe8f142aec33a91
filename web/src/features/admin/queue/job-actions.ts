import { answer, api, sayError } from '#api/client.ts'
import { queryClient } from '#api/queries.ts'
import type { ChosenJobs } from '#api/types.ts'
import { say } from '#lib/toasts.ts'
import type { Deed } from './job-filter.ts'
import { queueQueries } from './queries.ts'
import { sayJobs } from './words.ts'

/** So many jobs are changed by one request at most. */
export const MOST = 1000

interface Changed {
  jobs: string[]
  held_up: string[]
}

export interface Retrying {
  /** So many each second; all at once when left out. */
  perSecond?: number | undefined
  /** In place of what a single job has. */
  payload?: unknown
}

const send: Record<Deed, (jobs: ChosenJobs, retrying: Retrying) => Promise<Changed>> = {
  retry: (jobs, { perSecond, payload }) =>
    answer(
      api.POST('/api/v1/admin/jobs/retry', {
        // The document cannot say "any JSON", and calls it an object of nothing.
        body: { jobs, per_second: perSecond, payload: payload as Record<string, never> },
      }),
    ),
  cancel: (jobs) => answer(api.POST('/api/v1/admin/jobs/cancel', { body: jobs })),
  forget: (jobs) => answer(api.POST('/api/v1/admin/jobs/forget', { body: jobs })),
}

const SAID: Record<Deed, string> = { retry: 'waits again', cancel: 'cancelled', forget: 'forgotten' }

/** What became of it, for people. */
export function sayChanged(deed: Deed, { jobs, held_up }: Changed): string {
  const done =
    deed === 'retry'
      ? `${sayJobs(jobs.length)} ${jobs.length === 1 ? 'waits' : 'wait'} again`
      : `${sayJobs(jobs.length)} ${SAID[deed]}`
  return held_up.length > 0
    ? `${done}; ${sayJobs(held_up.length)} not, because another one does the same already`
    : done
}

export const refresh = () => queryClient.invalidateQueries(queueQueries)

/** Does it, says what became of it, and shows it wherever it is shown. Throws when it was refused. */
export async function act(deed: Deed, jobs: ChosenJobs, retrying: Retrying = {}): Promise<Changed> {
  const changed = await send[deed](jobs, retrying)
  const failed = changed.jobs.length === 0
  say(failed && changed.held_up.length === 0 ? NOTHING[deed] : sayChanged(deed, changed), {
    tone: failed ? 'danger' : 'plain',
  })
  void refresh()
  return changed
}

const NOTHING: Record<Deed, string> = {
  retry: 'Nothing to retry: it has not failed, or is not there any more',
  cancel: 'Nothing to cancel: it has ended meanwhile',
  forget: 'Nothing to forget: it has not failed, or is not there any more',
}

/** What can be paused. */
export type PauseScope = 'queue' | 'kind' | 'schedule'

const sendResume: Record<PauseScope, (id: string) => Promise<unknown>> = {
  queue: (id) => answer(api.POST('/api/v1/admin/queues/{id}/resume', { params: { path: { id } } })),
  kind: (id) => answer(api.POST('/api/v1/admin/job-kinds/{id}/resume', { params: { path: { id } } })),
  schedule: (id) => answer(api.POST('/api/v1/admin/schedules/{id}/resume', { params: { path: { id } } })),
}

/** Resumes what is paused, and says so. */
export async function resume(scope: PauseScope, id: string, name = id) {
  try {
    await sendResume[scope](id)
    say(`Resumed ${name}`)
  } catch (error) {
    say(`Not resumed: ${sayError(error)}`, { tone: 'danger' })
  }
  await refresh()
}

/** For what is done without a dialog that could say it. */
export const sayRefused = (error: unknown) => say(sayError(error), { tone: 'danger' })
