import { accountZone } from '#api/queries.ts'
import type { ChosenJobs, JobState } from '#api/types.ts'
import { instantIn, isLocal } from './instants.ts'

/** Which jobs the list shows. Lives in the address, so that every view can be linked and kept. */
export interface JobFilter {
  state: JobState
  queue?: string
  kind?: string
  tag?: string
  owner?: string
  text?: string
  fingerprint?: string
  /** When they were pushed, "2026-11-30T09:00" as the account's clock shows it. */
  since?: string
  until?: string
}

export const JOB_STATES: readonly JobState[] = [
  'ready',
  'scheduled',
  'running',
  'failed',
  'done',
  'cancelled',
]

export type Narrowing = Exclude<keyof JobFilter, 'state'>
const NARROWINGS: readonly Narrowing[] = [
  'queue',
  'kind',
  'tag',
  'owner',
  'text',
  'fingerprint',
  'since',
  'until',
]

/** A word of the address; the router reads a number where one stands. */
function word(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && text.trim() ? text.trim() : undefined
}

/** Reads a filter from the address; anything unknown is left out rather than sent. */
export function parseJobFilter(search: Record<string, unknown>): JobFilter {
  const filter: JobFilter = { state: JOB_STATES.find((state) => state === search.state) ?? 'ready' }
  for (const name of NARROWINGS) {
    const value = word(search[name])
    const isTime = name === 'since' || name === 'until'
    if (value && (!isTime || isLocal(value))) filter[name] = value
  }
  return filter
}

/** The filter as the API's query parameters. */
export function toQuery({ since, until, ...rest }: JobFilter) {
  const zone = accountZone()
  return {
    ...rest,
    since: since && instantIn(zone, since),
    until: until && instantIn(zone, until),
  }
}

/** By how much the list is narrowed, its state apart. */
export const narrowingsOf = (filter: JobFilter) => NARROWINGS.filter((name) => filter[name] !== undefined)

/** What is meant without naming each job: null when the filter says nothing but a state. */
export function chosenBy(filter: JobFilter): ChosenJobs | null {
  return narrowingsOf(filter).length > 0 ? toQuery(filter) : null
}

/** It stays as it is, unless an operator retries it. */
export const isOver = (state: JobState) => state === 'failed' || state === 'done' || state === 'cancelled'

/** What an operator can do with jobs in a state. */
export const DEEDS: Record<JobState, readonly Deed[]> = {
  ready: ['cancel'],
  scheduled: ['cancel'],
  running: ['cancel'],
  failed: ['retry', 'forget'],
  done: [],
  cancelled: [],
}
export type Deed = 'retry' | 'cancel' | 'forget'
