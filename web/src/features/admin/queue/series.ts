import type { JobMeasure } from '#api/types.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What is counted together in each range, and how many of it there are. */
export const RANGES = {
  '1h': { name: '1 hour', grain: MINUTE, number: 60 },
  '24h': { name: '24 hours', grain: HOUR, number: 24 },
  '7d': { name: '7 days', grain: HOUR, number: 7 * 24 },
  '90d': { name: '90 days', grain: DAY, number: 90 },
} as const

export type Range = keyof typeof RANGES

export interface Point {
  /** When it began, in milliseconds since 1970. */
  start: number
  done: number
  failed: number
  /** In milliseconds; null when nothing was measured. */
  wait: number | null
  run: number | null
}

const larger = (one: number | null, other: number | null) =>
  one === null ? other : other === null ? one : Math.max(one, other)

const empty = (start: number): Point => ({ start, done: 0, failed: 0, wait: null, run: null })

export interface Wanted {
  queue?: string | undefined
  kind?: string | undefined
}

const fits = ({ queue, kind }: JobMeasure, wanted: Wanted) =>
  (!wanted.queue || queue === wanted.queue) && (!wanted.kind || kind === wanted.kind)

/**
 * One point for each minute, hour or day of a range, also where nothing happened. Of durations that stand for
 * several kinds the longest is taken: what 95 of 100 do not exceed cannot be added up.
 */
export function seriesOf(measures: JobMeasure[], range: Range, now: number, wanted: Wanted): Point[] {
  const { grain, number } = RANGES[range]
  // Hours and days are known when they are over; minutes as they go.
  const last = now - (now % grain) - (grain === MINUTE ? 0 : grain)
  const points = new Map<number, Point>()
  for (let index = number - 1; index >= 0; index--) {
    const start = last - index * grain
    points.set(start, empty(start))
  }
  for (const measure of measures) {
    const point = points.get(Date.parse(measure.start))
    if (!point || !fits(measure, wanted)) continue
    point.done += measure.done
    point.failed += measure.failed
    point.wait = larger(point.wait, measure.wait.p95_ms)
    point.run = larger(point.run, measure.run.p95_ms)
  }
  return [...points.values()]
}

/** When a point was, as short as the range allows. */
export function sayStart(start: number, range: Range, timeZone: string): string {
  const options: Intl.DateTimeFormatOptions =
    range === '90d'
      ? { timeZone: 'UTC', month: 'short', day: 'numeric' }
      : range === '7d'
        ? { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
        : { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
  return new Intl.DateTimeFormat('en-US', options).format(start)
}
