import type { DatabaseStatus, Replica } from '#api/types.ts'

const MILLISECOND = 1000
const SECOND = 1000 * MILLISECOND
const MINUTE = 60 * SECOND

const whole = new Intl.NumberFormat('en-US')
const precise = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })
const percent = new Intl.NumberFormat('en-US', { style: 'percent' })

export const sayCount = (count: number) => whole.format(count)
export const sayShare = (share: number) => percent.format(share)

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

export const REPLICA_STATES: Record<Replica['state'], [string, Tone]> = {
  serving: ['Serving', 'good'],
  evicted: ['Taken out', 'bad'],
  probing: ['On probation', 'unsure'],
}
