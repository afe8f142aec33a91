import type { JobMeasure, JobWorker, Queue, Queues } from '#api/types.ts'

const MINUTE = 60_000
const WINDOW = 5
/** Workers are heard of every five seconds: this many of them passed without a word. */
const SILENCE_MS = 16_000

export interface Summary {
  perMinute: number
  done: number
  failed: number
  /** The queue whose oldest job waits longest, if one waits. */
  waiting: { queue: string; since: string } | null
  busy: number
  slots: number
  workers: number
}

/** Jobs that ended, each minute, over the last five: the one that is not over counts as far as it went. */
export function perMinute(measures: JobMeasure[], now: number): number {
  const current = now - (now % MINUTE)
  const from = current - (WINDOW - 1) * MINUTE
  const ended = measures
    .filter(({ start }) => Date.parse(start) >= from)
    .reduce((sum, { done, failed }) => sum + done + failed, 0)
  return ended / ((now - from) / MINUTE)
}

/** What stands above everything else. */
export function summarise({ queues, workers }: Queues, measures: JobMeasure[], now: number): Summary {
  const oldest = queues
    .filter(({ waiting_since }) => waiting_since !== null)
    .toSorted((one, other) => Date.parse(one.waiting_since ?? '') - Date.parse(other.waiting_since ?? ''))[0]
  const sum = (of: (queue: Queue) => number) => queues.reduce((total, queue) => total + of(queue), 0)
  return {
    perMinute: perMinute(measures, now),
    done: sum(({ last_hour }) => last_hour.done),
    failed: sum(({ last_hour }) => last_hour.failed),
    waiting: oldest?.waiting_since ? { queue: oldest.name, since: oldest.waiting_since } : null,
    busy: workers.reduce((total, { running }) => total + running.length, 0),
    slots: workers.reduce((total, { slots }) => total + slots, 0),
    workers: workers.length,
  }
}

/** It was not heard of although it should have been; after a minute it is not listed any more. */
export const isSilent = ({ heard_at }: Pick<JobWorker, 'heard_at'>, now: number) =>
  now - Date.parse(heard_at) > SILENCE_MS

/** Queues whose jobs nobody would ever take, as far as is known of the workers. */
export const unserved = ({ queues, workers }: Queues): Queue[] =>
  queues.filter(({ name }) => workers.every((worker) => !worker.queues.includes(name)))

const NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 })
const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** "0.4", "12.5", "1,234". */
export const sayPace = (pace: number) => (pace < 100 ? NUMBER : WHOLE).format(pace)
