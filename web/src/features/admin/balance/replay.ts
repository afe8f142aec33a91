import { ApiError, sayError } from '#api/client.ts'
import type { QueueLimits, QueueLimitsInput, Replay } from '#api/types.ts'
import { sayCount } from '../words.ts'
import { changedLimits, LIMITS, type LimitName } from './limits.ts'

/** The name of the field of a form in which something of a queue stands. */
export const fieldOf = (queue: string, name: LimitName) => `queues.${queue}.${name}`

/** What queues are to have instead; those that stay as they are are left out. */
export function wantedOf(
  settings: QueueLimits[],
  values: Record<string, string>,
): Record<string, QueueLimitsInput> {
  const changes = settings.map(
    (limits) => [limits.queue, changedLimits(limits, values, (name) => fieldOf(limits.queue, name))] as const,
  )
  return Object.fromEntries(changes.filter(([, change]) => Object.keys(change).length > 0))
}

/** What the server does not take, with what it is said of: "At most must not be less than min". */
export function sayRefusal(error: unknown): string {
  const named = error instanceof ApiError ? (error.problem.errors ?? []) : []
  if (named.length === 0) return sayError(error)
  const sentences = named.map(({ field, message }) => {
    const limit = LIMITS.find(({ name }) => field.endsWith(`.${name}`))
    return limit ? `${limit.label} ${message}` : message
  })
  // Of two queues the same may be wrong.
  return [...new Set(sentences)].join('. ')
}

/** How much was decided again. */
export function sayDecided({ decisions }: Pick<Replay, 'decisions'>): string {
  if (decisions === 0) {
    return 'Nothing was decided in this time. Decisions are kept for a day, and none are made while there is nothing to do.'
  }
  return `${sayCount(decisions)} ${decisions === 1 ? 'decision' : 'decisions'} made again.`
}

/** The queue whose slots differ most, which is looked at first. */
export function mostChanged({ queues }: Replay): string | undefined {
  const difference = (one: Replay['queues'][number]) => Math.abs(one.mean_slots - one.mean_slots_before)
  return queues.toSorted((one, other) => difference(other) - difference(one))[0]?.queue
}

/** The times of day of the points, as a zone shows them. */
export function timesOf({ points }: Replay, timeZone: string): string[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return points.map(({ at }) => format.format(new Date(at)))
}
