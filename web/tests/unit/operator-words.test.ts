import { describe, expect, test } from 'vitest'
import { ApiError } from '#api/client.ts'
import type { Batch, QueueLimits, Replay } from '#api/types.ts'
import { changedLimits, sayMost, saySeconds } from '#features/admin/balance/limits.ts'
import {
  fieldOf,
  mostChanged,
  sayDecided,
  sayRefusal,
  timesOf,
  wantedOf,
} from '#features/admin/balance/replay.ts'
import { sayLength, sayProgress, stateOf, tagOf } from '#features/admin/batches/words.ts'
import { tell } from '#features/admin/queue/action-words.ts'
import { sayAhead, sayName } from '#features/admin/queue/words.ts'
import { parseReceiptFilter } from '#features/admin/receipts/receipt-filter.ts'
import { jobStateOf, sayPromised } from '#features/admin/receipts/words.ts'
import { readBudget } from '#features/settings/mail-budget.tsx'

const NOW = Date.parse('2026-11-30T09:00:30Z')
const at = (text: string) => `2026-11-30T${text}Z`

describe('schedules', () => {
  test.each([
    ['09:00:34', 'in 4 s'],
    ['09:03:50', 'in 3 min 20 s'],
    ['14:02:30', 'in 5 h 2 min'],
    ['09:00:30', 'now'],
    ['08:59:00', 'now'],
  ])('what comes at %s is said as %s', (time, text) => {
    expect(sayAhead(at(time), NOW)).toBe(text)
  })

  test('are called by words', () => {
    expect(['purge_trash', 'roll_up_job_measures', 'x'].map(sayName)).toEqual([
      'Purge trash',
      'Roll up job measures',
      'X',
    ])
  })

  test('what was done with them names no jobs, whatever its reason says', () => {
    const reason = 'as 01a22a56-86a2-7ec2-a157-000000000001 showed'
    const action = { at: at('09:00:00'), by: 'ann@example.org', action: 'run', target: 'purge_trash' }
    expect(tell({ ...action, detail: reason })).toEqual({
      verb: 'ran',
      job: null,
      target: 'purge_trash',
      jobs: [],
      more: reason,
    })
  })
})

const batch: Batch = {
  id: 'b',
  name: 'Weekly digests',
  state: 'running',
  total: 12_400,
  done: 8123,
  failed: 31,
  cancelled: 0,
  pending: 4246,
  completion: null,
  created_at: at('08:55:20'),
  ended_at: null,
  by: null,
}

describe('batches', () => {
  test('say how far they have come, and leave out what did not happen', () => {
    expect(sayProgress(batch)).toBe('8,123 of 12,400 done, 31 failed, 4,246 pending')
    expect(sayProgress({ ...batch, total: 3, done: 3, failed: 0, pending: 0 })).toBe('3 of 3 done')
    expect(sayProgress({ ...batch, total: 3, done: 1, failed: 0, cancelled: 2, pending: 0 })).toBe(
      '1 of 3 done, 2 cancelled',
    )
  })

  test('that lost jobs are not just finished', () => {
    expect(stateOf(batch)).toEqual(['Running', 'good'])
    expect(stateOf({ state: 'finished', failed: 0 })).toEqual(['Finished', 'unsure'])
    expect(stateOf({ state: 'finished', failed: 1 })).toEqual(['Finished with failures', 'bad'])
    expect(stateOf({ state: 'cancelled', failed: 1 })).toEqual(['Cancelled', 'unsure'])
  })

  test('say how long they took, or have been at it', () => {
    expect(sayLength(batch, NOW)).toBe('5 min 10 s')
    expect(sayLength({ ...batch, ended_at: at('08:56:00') }, NOW)).toBe('40 s')
  })

  test('find their jobs by a tag', () => {
    expect(tagOf(batch)).toBe('batch:b')
  })
})

describe('receipts', () => {
  test('what the address says is read, and what it cannot mean is left out', () => {
    expect(parseReceiptFilter({ user: ' ana@example.org ', state: 'bounced' })).toEqual({
      user: 'ana@example.org',
      state: 'bounced',
    })
    expect(parseReceiptFilter({ user: 7, state: 'lost' })).toEqual({})
    expect(parseReceiptFilter({ user: ' ' })).toEqual({})
  })

  test('are for a day, or for a time of it', () => {
    expect(sayPromised('2026-11-24', '2026-11-30')).toBe('Nov 24')
    expect(sayPromised('2026-11-24T18:00', '2026-11-30')).toBe('Nov 24, 18:00')
    expect(sayPromised('2025-11-24T18:00', '2026-11-30')).toBe('Nov 24, 2025, 18:00')
  })

  test.each([
    ['planned', 0, 'scheduled'],
    ['queued', 0, 'ready'],
    ['queued', 1, 'scheduled'],
    ['sending', 1, 'running'],
    ['sent', 1, 'done'],
    ['cancelled', 0, 'done'],
    ['failed', 5, 'failed'],
    ['bounced', 1, 'failed'],
    ['complained', 1, 'done'],
  ] as const)('the job of one that is %s after %d attempts is %s', (state, attempts, job) => {
    expect(jobStateOf({ state, attempts })).toBe(job)
  })
})

const limits: QueueLimits = {
  queue: 'urgent',
  min: 1,
  max: 3,
  weight: 4,
  target_s: 5,
  origin: 'built-in',
}

describe('what queues may have', () => {
  test('only what is to be other than it is is sent', () => {
    expect(changedLimits(limits, { min: '1', max: '3', weight: '4', target_s: '5' })).toEqual({})
    expect(changedLimits(limits, { min: '0', max: '3', weight: '4', target_s: '90' })).toEqual({
      min: 0,
      target_s: 90,
    })
  })

  test('nothing is no bound for the most, and no change for the rest', () => {
    expect(changedLimits(limits, { min: '', max: ' ', weight: '', target_s: '' })).toEqual({ max: null })
    expect(changedLimits({ ...limits, max: null }, { max: '' })).toEqual({})
    expect(changedLimits(limits, {})).toEqual({})
  })

  test('is asked of each queue apart, and left out of those that stay', () => {
    const settings = [limits, { ...limits, queue: 'default' }]
    const values = { [fieldOf('urgent', 'max')]: '3', [fieldOf('default', 'max')]: '8' }
    expect(wantedOf(settings, values)).toEqual({ default: { max: 8 } })
  })

  test('is said in words', () => {
    expect([null, 0, 12].map(sayMost)).toEqual(['no bound', '0', '12'])
    expect([0, 5, 90, 120, 3600, 4315].map(saySeconds)).toEqual([
      '0 s',
      '5 s',
      '1 min 30 s',
      '2 min',
      '1 h',
      '1 h 11 min',
    ])
  })
})

const replayed = (queue: string, mean_slots: number, mean_slots_before: number) => ({
  queue,
  mean_slots,
  mean_slots_before,
  max_slots: 1,
  max_slots_before: 1,
  short_s: 0,
  short_s_before: 0,
})
const replay = (change: Partial<Replay>): Replay => ({ decisions: 1, queues: [], points: [], ...change })

describe('what would have been', () => {
  test('is shown first of the queue that it changes most, either way', () => {
    const queues = [replayed('urgent', 2, 2), replayed('default', 1, 3), replayed('maintenance', 2, 1)]
    expect(mostChanged(replay({ queues }))).toBe('default')
    expect(mostChanged(replay({}))).toBeUndefined()
  })

  test('is said with how much was decided again', () => {
    expect(sayDecided({ decisions: 1 })).toBe('1 decision made again.')
    expect(sayDecided({ decisions: 4211 })).toBe('4,211 decisions made again.')
    expect(sayDecided({ decisions: 0 })).toMatch(/^Nothing was decided in this time/)
  })

  test('is refused with what the server says of which setting', () => {
    const refused = (...errors: [field: string, message: string][]) =>
      new ApiError({
        title: 'Something is wrong',
        status: 422,
        code: 'invalid',
        errors: errors.map(([field, message]) => ({ field, code: 'invalid', message })),
      })
    const wrong = refused(
      ['queues.max', 'must not be less than min'],
      ['queues.max', 'must not be less than min'],
      ['queues.target_s', 'must be a number from 1 to 86400'],
      ['hours', 'must be a number from 1 to 24'],
    )
    expect(sayRefusal(wrong)).toBe(
      'At most must not be less than min. May wait, seconds must be a number from 1 to 86400. must be a number from 1 to 24',
    )
    expect(sayRefusal(refused())).toBe('Something is wrong')
  })

  test('is told by the clock of a zone', () => {
    const points = [{ at: at('23:30:00'), slots: {}, slots_before: {} }]
    expect(timesOf(replay({ points }), 'Asia/Tokyo')).toEqual(['08:30'])
  })
})

test.each([
  ['', null],
  ['  ', null],
  ['1', 1],
  [' 100 ', 100],
  ['0', undefined],
  ['101', undefined],
  ['2.5', undefined],
  ['-3', undefined],
  ['many', undefined],
])('at most "%s" reminders a day is read as %s', (text, number) => {
  expect(readBudget(text)).toBe(number)
})
