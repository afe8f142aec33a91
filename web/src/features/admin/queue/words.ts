import type { Job, JobAttempt, JobState } from '#api/types.ts'
import { sayDuration, type Tone } from '../words.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** "640 ms", "12.3 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function sayTime(milliseconds: number): string {
  const time = Math.max(0, milliseconds)
  if (time < HOUR) return sayDuration(time * 1000)
  if (time < DAY) return `${Math.floor(time / HOUR)} h ${Math.floor((time % HOUR) / MINUTE)} min`
  return `${Math.floor(time / DAY)} d ${Math.floor((time % DAY) / HOUR)} h`
}

/** How old something is, to the second: finer says nothing of what is asked every other second. */
export function sayAge(since: string, now: number): string {
  const age = Math.max(0, now - Date.parse(since))
  return age < MINUTE ? `${Math.floor(age / SECOND)} s` : sayTime(age)
}

/** "in 4 s", "in 5 h 2 min"; "now" when it has come. */
export function sayAhead(at: string, now: number): string {
  const moment = Date.parse(at)
  return moment - now < SECOND ? 'now' : `in ${sayAge(new Date(now).toISOString(), moment)}`
}

/** "95 s", "19 min", "5 h", "3 d": no longer than a large figure has room for. */
export function sayRoughly(since: string, now: number): string {
  const age = Math.max(0, now - Date.parse(since))
  if (age < 2 * MINUTE) return `${Math.floor(age / SECOND)} s`
  if (age < 2 * HOUR) return `${Math.floor(age / MINUTE)} min`
  return age < 2 * DAY ? `${Math.floor(age / HOUR)} h` : `${Math.floor(age / DAY)} d`
}

/** The time between two moments. */
export const sayBetween = (from: string, to: string) => sayTime(Date.parse(to) - Date.parse(from))

/** A duration measured in whole milliseconds, or a dash when nothing was measured. */
export function sayMeasured(milliseconds: number | null): string {
  if (milliseconds === null) return '–'
  return milliseconds === 0 ? '< 1 ms' : sayTime(milliseconds)
}

export const STATE_NAMES: Record<JobState, string> = {
  ready: 'Ready',
  scheduled: 'Scheduled',
  running: 'Running',
  failed: 'Failed',
  done: 'Done',
  cancelled: 'Cancelled',
}

export const STATES: Record<JobState, [string, Tone]> = {
  ready: [STATE_NAMES.ready, 'unsure'],
  scheduled: [STATE_NAMES.scheduled, 'unsure'],
  running: [STATE_NAMES.running, 'good'],
  failed: [STATE_NAMES.failed, 'bad'],
  done: [STATE_NAMES.done, 'good'],
  cancelled: [STATE_NAMES.cancelled, 'unsure'],
}

const OUTCOMES: Record<string, string> = {
  done: 'Done',
  retried: 'Failed, to be tried again',
  failed: 'Failed for good',
  expired: 'Lost: its worker died or was stuck',
  released: 'Given back: its worker had to stop',
  cancelled: 'Ended by an operator',
}

export const sayOutcome = ({ outcome }: Pick<JobAttempt, 'outcome'>) =>
  outcome === null ? 'Running' : (OUTCOMES[outcome] ?? outcome)

/** The name of a kind or schedule for people: "Send reminder" for `send_reminder`. */
export function sayName(name: string): string {
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** "1 job", "1,234 jobs". */
export const sayJobs = (number: number) =>
  `${number.toLocaleString('en-US')} ${number === 1 ? 'job' : 'jobs'}`

/** The last characters of an id tell apart what the first, which are a time, do not. */
export const shortId = (id: string) => `…${id.slice(-8)}`

/** JSON with one thing on a line; as it is when it is none. */
export function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2)
  } catch {
    return json
  }
}

/** What a job's time in a list means: since when it waits or runs, when it is due, or when it ended. */
export function timeOf(job: Job): { word: string; at: string } {
  switch (job.state) {
    case 'ready':
      return { word: 'due', at: job.due_at ?? job.pushed_at }
    case 'scheduled':
      return { word: 'due', at: job.due_at ?? job.pushed_at }
    case 'running':
      return { word: 'began', at: job.started_at ?? job.pushed_at }
    case 'failed':
      return { word: 'failed', at: job.ended_at ?? job.pushed_at }
    case 'done':
      return { word: 'done', at: job.ended_at ?? job.pushed_at }
    case 'cancelled':
      return { word: 'cancelled', at: job.ended_at ?? job.pushed_at }
  }
}
