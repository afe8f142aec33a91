import type { CacheStatus, DatabaseStatus, Replica } from '#api/types.ts'

const MILLISECOND = 1000
const SECOND = 1000 * MILLISECOND
const MINUTE = 60 * SECOND

const whole = new Intl.NumberFormat('en-US')
const precise = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 })
const percent = new Intl.NumberFormat('en-US', { style: 'percent' })
const finer = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 })

export const sayCount = (count: number) => whole.format(count)

/** What is counted for months has to fit: "12,345", "12.3M". */
export const sayTotal = (count: number) => (count < 100_000 ? whole : short).format(count)
export const sayShare = (share: number) => percent.format(share)

const KIB = 1024
const MIB = 1024 * KIB

/** "98.6%" of all, or a dash when there are none. */
export const sayRate = (some: number, all: number) => (all > 0 ? finer.format(some / all) : '–')

/** "640 bytes", "1.5 KiB", "12.3 MiB", "2,048 MiB". */
export function sayBytes(bytes: number): string {
  if (bytes < KIB) return `${whole.format(bytes)} bytes`
  if (bytes < MIB) return `${precise.format(bytes / KIB)} KiB`
  if (bytes < 1000 * MIB) return `${precise.format(bytes / MIB)} MiB`
  return `${whole.format(Math.round(bytes / MIB))} MiB`
}

/** "640 µs", "12.3 ms", "1.2 s", "3 min 20 s". */
export function sayDuration(microseconds: number): string {
  if (microseconds < MILLISECOND) return `${whole.format(microseconds)} µs`
  if (microseconds < SECOND) return `${precise.format(microseconds / MILLISECOND)} ms`
  if (microseconds < MINUTE) return `${precise.format(microseconds / SECOND)} s`
  const seconds = Math.round(microseconds / SECOND)
  return `${whole.format(Math.floor(seconds / 60))} min ${seconds % 60} s`
}

export const ENGINES: Record<DatabaseStatus['engine'], string> = {
  sqlite: 'SQLite',
  postgres: 'PostgreSQL',
  mariadb: 'MariaDB',
  mysql: 'MySQL',
}

export type Tone = 'good' | 'bad' | 'unsure'

export const PRIMARY_STATES: Record<DatabaseStatus['primary']['state'], [string, Tone]> = {
  up: ['Up', 'good'],
  down: ['Down', 'bad'],
  read_only: ['Read-only', 'bad'],
  refused: ['Refused', 'bad'],
}

export type Redis = Extract<CacheStatus['store'], { kind: 'redis' }>

export const REDIS_STATES: Record<Redis['state'], [string, Tone]> = {
  in_use: ['In use', 'good'],
  catching_up: ['Catching up', 'unsure'],
  away: ['Away', 'bad'],
}

export const REPLICA_STATES: Record<Replica['state'], [string, Tone]> = {
  serving: ['Serving', 'good'],
  evicted: ['Taken out', 'bad'],
  probing: ['On probation', 'unsure'],
}
