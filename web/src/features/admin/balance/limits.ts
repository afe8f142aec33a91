import type { QueueLimits, QueueLimitsInput } from '#api/types.ts'
import { sayCount, type Tone } from '../words.ts'
import { sayTime } from '../queue/words.ts'

export type LimitName = keyof QueueLimitsInput

/** What can be said about a queue: how that is called, and the least that makes sense. */
export const LIMITS: readonly { name: LimitName; label: string; least: number; hint: string }[] = [
  { name: 'min', label: 'At least', least: 0, hint: 'Slots it is guaranteed in all workers together.' },
  {
    name: 'max',
    label: 'At most',
    least: 0,
    hint: 'Slots it may have in all workers together; without bound when left empty.',
  },
  { name: 'weight', label: 'Weight', least: 1, hint: 'How much it counts when there are too few slots.' },
  { name: 'target_s', label: 'May wait, seconds', least: 1, hint: 'How long its jobs may wait.' },
]

export const ORIGINS: Record<QueueLimits['origin'], [string, Tone]> = {
  'built-in': ['Built in', 'unsure'],
  configuration: ['Configuration', 'unsure'],
  operator: ['Operator', 'good'],
}

export const sayMost = (max: number | null) => (max === null ? 'no bound' : sayCount(max))

/** "0 s", "5 s", "2 min", "1 min 30 s". */
export const saySeconds = (seconds: number) =>
  seconds === 0 ? '0 s' : sayTime(seconds * 1000).replace(/ 0 (s|min)$/, '')

/** What was typed: nothing stands for no bound where that is possible, else for what there is. */
function read(name: LimitName, text: string | undefined): number | null | undefined {
  const trimmed = text?.trim()
  if (trimmed) return Number(trimmed)
  return name === 'max' && trimmed === '' ? null : undefined
}

/** What of a queue is to be other than it is; nothing when all stays. `nameOf` says how its fields are called. */
export function changedLimits(
  before: QueueLimits,
  values: Record<string, string>,
  nameOf: (name: LimitName) => string = (name) => name,
): QueueLimitsInput {
  const entries = LIMITS.map(({ name }) => [name, read(name, values[nameOf(name)])] as const)
  return Object.fromEntries(entries.filter(([name, value]) => value !== undefined && value !== before[name]))
}
