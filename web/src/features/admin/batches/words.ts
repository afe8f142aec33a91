import type { Batch } from '#api/types.ts'
import { sayCount, type Tone } from '../words.ts'
import { sayAge, sayBetween } from '../queue/words.ts'

const STATES: Record<Batch['state'], [string, Tone]> = {
  running: ['Running', 'good'],
  finished: ['Finished', 'unsure'],
  cancelled: ['Cancelled', 'unsure'],
}

/** How it is called: one that is over and lost jobs is not just finished. */
export const stateOf = ({ state, failed }: Pick<Batch, 'state' | 'failed'>): [string, Tone] =>
  state === 'finished' && failed > 0 ? ['Finished with failures', 'bad'] : STATES[state]

/** The tag that all jobs of a batch have. */
export const tagOf = ({ id }: Pick<Batch, 'id'>) => `batch:${id}`

/** "120 of 400 done, 3 failed, 277 pending". */
export function sayProgress({ total, done, failed, cancelled, pending }: Batch): string {
  const others = [
    [failed, 'failed'],
    [cancelled, 'cancelled'],
    [pending, 'pending'],
  ] as const
  return [
    `${sayCount(done)} of ${sayCount(total)} done`,
    ...others.filter(([number]) => number > 0).map(([number, word]) => `${sayCount(number)} ${word}`),
  ].join(', ')
}

/** How long it took, or has been at it. */
export const sayLength = ({ created_at: created, ended_at: ended }: Batch, now: number) =>
  ended ? sayBetween(created, ended) : sayAge(created, now)
