import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JobAction, JobDetails, JobMeasure, JobWorker, Queue, Queues } from '#api/types.ts'
import { tell } from '#features/admin/queue/action-words.ts'
import { instantIn, isLocal } from '#features/admin/queue/instants.ts'
import { sayChanged } from '#features/admin/queue/job-actions.ts'
import { chosenBy, narrowingsOf, parseJobFilter } from '#features/admin/queue/job-filter.ts'
import { parsePayload } from '#features/admin/queue/payload.ts'
import { sayStart, seriesOf } from '#features/admin/queue/series.ts'
import { isSilent, perMinute, sayPace, summarise, unserved } from '#features/admin/queue/summary.ts'
import { timelineOf } from '#features/admin/queue/timeline.ts'
import { pretty, sayAge, sayJobs, sayMeasured, sayRoughly, sayTime } from '#features/admin/queue/words.ts'

const NOW = Date.parse('2026-11-30T09:00:30Z')
const at = (text: string) => `2026-11-30T${text}Z`

const nothing = { mean_ms: null, p50_ms: null, p95_ms: null, p99_ms: null }
const figures = {
  done: 0,
  failed: 0,
  retried: 0,
  expired: 0,
  released: 0,
  cancelled: 0,
  wait: nothing,
  run: nothing,
}
const measure = (start: string, change: Partial<JobMeasure> = {}): JobMeasure => ({
  ...figures,
  start: at(start),
  queue: 'urgent',
  kind: 'send_reminder',
  ...change,
})
const p95 = (milliseconds: number) => ({ ...nothing, p95_ms: milliseconds })
const queue = (name: string, change: Partial<Queue> = {}): Queue => ({
  name,
  ready: 0,
  scheduled: 0,
  running: 0,
  failed: 0,
  waiting_since: null,
  pause: null,
  last_hour: figures,
  ...change,
})
const worker = (...queues: string[]): JobWorker => ({
  id: 'w',
  host: 'vm',
  process: 1,
  version: '0.1.0',
  queues,
  slots: 4,
  running: [],
  memory_bytes: 1,
  started_at: at('08:00:00'),
  heard_at: at('09:00:28'),
})
const all = (change: Partial<Queues>): Queues => ({
  queues: [],
  kinds: [],
  paused_kinds: [],
  workers: [],
  alarms: [],
  balance: null,
  ...change,
})

describe('durations', () => {
  test.each([
    [640, '640 ms'],
    [12_340, '12.3 s'],
    [200_000, '3 min 20 s'],
    [2 * 3_600_000 + 5 * 60_000, '2 h 5 min'],
    [76 * 3_600_000, '3 d 4 h'],
    [-5, '0 µs'],
  ])('%d ms are said as %s', (milliseconds, text) => {
    expect(sayTime(milliseconds)).toBe(text)
  })

  test('what was not measured is a dash, and what took no millisecond is not nothing', () => {
    expect([null, 0, 1].map(sayMeasured)).toEqual(['–', '< 1 ms', '1 ms'])
  })

  test('an age is said to the second, and never negative when clocks differ', () => {
    expect(sayAge(at('09:00:17'), NOW)).toBe('13 s')
    expect(sayAge(at('08:57:10'), NOW)).toBe('3 min 20 s')
    expect(sayAge(at('09:00:40'), NOW)).toBe('0 s')
  })

  test('roughly, it never takes more than a large figure has room for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 900 * 86_400_000 }), (age) => {
        expect(sayRoughly(new Date(NOW - age).toISOString(), NOW).length).toBeLessThanOrEqual(7)
      }),
    )
  })
})

describe('the summary', () => {
  test('counts what ended each minute over the last five, the current one as far as it went', () => {
    const measures = [
      measure('08:55:00', { done: 1000 }),
      measure('08:56:00', { done: 20 }),
      measure('08:59:00', { done: 15, failed: 5 }),
      measure('09:00:00', { done: 5 }),
    ]
    expect(perMinute(measures, NOW)).toBe(45 / 4.5)
    expect([0.44, 12.34, 1234.5].map(sayPace)).toEqual(['0.4', '12.3', '1,235'])
  })

  test('names the queue that waits longest, and how many slots are at work', () => {
    const running = [{ job: 'j', kind: 'k', queue: 'urgent', attempt: 1, for_ms: 1 }]
    const data = all({
      queues: [
        queue('urgent', { waiting_since: at('08:59:00'), last_hour: { ...figures, done: 3, failed: 1 } }),
        queue('reminders', { waiting_since: at('08:50:00'), last_hour: { ...figures, done: 4 } }),
        queue('maintenance'),
      ],
      workers: [worker('urgent'), { ...worker('urgent'), running }],
    })
    expect(summarise(data, [], NOW)).toEqual({
      perMinute: 0,
      done: 7,
      failed: 1,
      waiting: { queue: 'reminders', since: at('08:50:00') },
      busy: 1,
      slots: 8,
      workers: 2,
    })
    expect(summarise(all({ queues: [queue('urgent')] }), [], NOW).waiting).toBeNull()
  })

  test('a queue is served when at least one worker names it', () => {
    const queues = [queue('urgent'), queue('reminders')]
    const names = (workers: JobWorker[]) => unserved(all({ queues, workers })).map(({ name }) => name)
    expect(names([worker('urgent', 'reminders')])).toEqual([])
    expect(names([worker('urgent'), worker('reminders')])).toEqual([])
    expect(names([worker('urgent')])).toEqual(['reminders'])
    expect(names([])).toEqual(['urgent', 'reminders'])
  })

  test('a worker is silent when it missed three of its words', () => {
    expect(isSilent({ heard_at: at('09:00:15') }, NOW)).toBe(false)
    expect(isSilent({ heard_at: at('09:00:13') }, NOW)).toBe(true)
  })
})

describe('filters in the address', () => {
  test('what is not known is left out', () => {
    expect(parseJobFilter({ state: 'lost', queue: ' ', kind: 7, since: 'yesterday', task: 'x' })).toEqual({
      state: 'ready',
      kind: '7',
    })
  })

  test('what is written is read', () => {
    const filter = {
      state: 'failed',
      queue: 'urgent',
      kind: 'send_reminder',
      tag: 'user:7',
      owner: 'user-7',
      text: '421',
      fingerprint: '4d9549a7f9605418',
      since: '2026-11-30T09:00',
      until: '2026-11-30T10:00',
    } as const
    expect(parseJobFilter(filter)).toEqual(filter)
    expect(narrowingsOf(filter)).toHaveLength(8)
    expect(narrowingsOf({ state: 'done' })).toEqual([])
  })

  test('jobs are meant without their ids only where the API can be told which', () => {
    expect(chosenBy({ state: 'failed' })).toBeNull()
    const failed = { state: 'failed', kind: 'k' } as const
    expect(chosenBy({ ...failed, owner: 'user-7' })).toEqual({ ...failed, owner: 'user-7' })
    expect(chosenBy({ ...failed, since: '2026-11-30T09:00' })).toEqual({
      ...failed,
      since: expect.stringMatching(/Z$/),
    })
    expect(chosenBy({ ...failed, text: '421' })).toEqual({ ...failed, text: '421' })
  })

  test.each([
    ['UTC', '2026-11-30T09:00', '2026-11-30T09:00:00Z'],
    ['Europe/Berlin', '2026-11-30T09:00', '2026-11-30T08:00:00Z'],
    ['Europe/Berlin', '2026-07-01T09:00', '2026-07-01T07:00:00Z'],
    ['America/New_York', '2026-11-01T12:00', '2026-11-01T17:00:00Z'],
    ['Asia/Kathmandu', '2026-11-30T09:00', '2026-11-30T03:15:00Z'],
  ])('in %s the clocks show %s at %s', (zone, local, instant) => {
    expect(instantIn(zone, local)).toBe(instant)
  })

  test('a time of day that does not exist is none', () => {
    expect(['2026-11-30T09:00', '2026-11-30T25:00', '2026-11-30', ''].map(isLocal)).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})

describe('series', () => {
  test('have a point for each minute, also where nothing happened', () => {
    const points = seriesOf([measure('08:59:00', { done: 2 }), measure('07:00:00')], '1h', NOW, {})
    expect(points).toHaveLength(60)
    expect(points[0]?.start).toBe(Date.parse(at('08:01:00')))
    expect(points.slice(-2)).toEqual([
      { start: Date.parse(at('08:59:00')), done: 2, failed: 0, wait: null, run: null },
      { start: Date.parse(at('09:00:00')), done: 0, failed: 0, wait: null, run: null },
    ])
  })

  test('end with the last hour or day that is over', () => {
    const last = (range: '24h' | '7d' | '90d') => seriesOf([], range, NOW, {}).at(-1)?.start
    expect(last('24h')).toBe(Date.parse(at('08:00:00')))
    expect(last('7d')).toBe(Date.parse(at('08:00:00')))
    expect(last('90d')).toBe(Date.parse('2026-11-29T00:00:00Z'))
  })

  test('add up what is counted, and take the longest of what is timed', () => {
    const measures = [
      measure('09:00:00', { done: 2, failed: 1, wait: p95(40), run: p95(7) }),
      measure('09:00:00', { done: 3, kind: 'send_overdue', wait: p95(90) }),
      measure('09:00:00', { done: 5, queue: 'maintenance', kind: 'purge_trash', wait: p95(9000) }),
    ]
    const last = (wanted: { queue?: string; kind?: string }) => seriesOf(measures, '1h', NOW, wanted).at(-1)
    expect(last({})).toMatchObject({ done: 10, failed: 1, wait: 9000, run: 7 })
    expect(last({ queue: 'urgent' })).toMatchObject({ done: 5, wait: 90, run: 7 })
    expect(last({ kind: 'send_overdue' })).toMatchObject({ done: 3, wait: 90, run: null })
  })

  test('days are those of UTC, hours those of the account', () => {
    const start = Date.parse('2026-11-29T00:00:00Z')
    expect(sayStart(start, '90d', 'America/New_York')).toBe('Nov 29')
    expect(sayStart(start, '24h', 'Asia/Tokyo')).toBe('09:00')
    expect(sayStart(start, '7d', 'Asia/Tokyo')).toMatch(/^Sun,? 09:00$/)
  })
})

const job: JobDetails = {
  id: 'j',
  queue: 'urgent',
  kind: 'send_reminder',
  state: 'done',
  priority: 'normal',
  owner: null,
  tags: [],
  payload: '{}',
  attempts: 1,
  tries: 5,
  pushed_at: at('08:00:00'),
  due_at: null,
  started_at: at('08:00:01'),
  ended_at: at('08:00:02'),
  worker: 'w',
  error: null,
  fingerprint: null,
  history: [],
}
const attempt = {
  number: 1,
  started_at: at('08:00:01'),
  ended_at: at('08:00:02'),
  outcome: 'retried',
  error: 'no',
  worker: 'w',
  log: [],
  log_more: 0,
}

describe('the time line', () => {
  const said = (change: Partial<JobDetails>) => timelineOf({ ...job, ...change }, NOW).map(({ what }) => what)

  test('of a job that is done says so once', () => {
    const done = { ...attempt, number: 2, outcome: 'done', error: null }
    expect(said({ history: [attempt, done] })).toEqual([
      'Pushed',
      'Attempt 1: Failed, to be tried again',
      'Attempt 2: Done',
    ])
    expect(said({ history: [] })).toEqual(['Pushed', 'Done'])
  })

  test('says once that a job failed for good', () => {
    const failed = { state: 'failed', error: 'no' } as const
    expect(said({ ...failed, history: [{ ...attempt, outcome: 'failed' }] })).toEqual([
      'Pushed',
      'Attempt 1: Failed for good',
    ])
    expect(said({ ...failed, history: [{ ...attempt, outcome: 'expired' }] })).toEqual([
      'Pushed',
      'Attempt 1: Lost: its worker died or was stuck',
      'Failed for good',
    ])
  })

  test('of a job that waits ends with when it is due', () => {
    const happenings = timelineOf(
      { ...job, state: 'scheduled', due_at: at('09:05:00'), ended_at: null, history: [attempt] },
      NOW,
    )
    expect(happenings.map(({ what }) => what)).toEqual([
      'Pushed',
      'Attempt 1: Failed, to be tried again',
      'Due',
    ])
    expect(happenings.at(-1)?.ahead).toBe(true)
  })

  test('of a job that runs shows the attempt that has not ended', () => {
    const running = { ...attempt, ended_at: null, outcome: null, error: null }
    expect(said({ state: 'running', ended_at: null, history: [running] })).toEqual([
      'Pushed',
      'Attempt 1: Running',
    ])
  })

  test('of a job that was cancelled before it ran says no more than that', () => {
    expect(said({ state: 'cancelled', started_at: null, attempts: 0 })).toEqual([
      'Pushed',
      'Cancelled by an operator',
    ])
  })
})

describe('data', () => {
  test.each([
    ['{"a": 1}', { payload: { a: 1 } }],
    ['[]', { payload: [] }],
    ['null', { wrong: 'The data cannot be null' }],
    ['  ', { wrong: 'Write the data as JSON, for example {}' }],
  ])('%s is read', (text, read) => {
    expect(parsePayload(text)).toEqual(read)
  })

  test('what is no JSON is refused with the reason', () => {
    expect(parsePayload('{"a": 1,}')).toEqual({ wrong: expect.stringMatching(/^This is not JSON: \S/) })
  })

  test('any JSON is as it was after it was made pretty', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(JSON.parse(pretty(text))).toEqual(JSON.parse(text))
      }),
    )
    expect(pretty('no {json')).toBe('no {json')
  })
})

describe('what operators did', () => {
  const ids = ['01a22a56-86a2-7ec2-a157-000000000001', '01a22a56-86a2-7ec2-a157-000000000002']
  const action = (change: Partial<JobAction>): JobAction => ({
    at: at('09:00:00'),
    by: 'ann@example.org',
    action: 'retry',
    target: '',
    detail: '',
    ...change,
  })

  test.each([
    [{ target: ids[0] }, { verb: 'retried', job: ids[0], jobs: [], more: '' }],
    [
      { target: '2 jobs', detail: `${ids.join(' ')} 10 each second` },
      { target: '2 jobs', job: null, jobs: ids, more: '10 each second' },
    ],
    [
      { target: ids[0], detail: ' with other data' },
      { job: ids[0], more: 'with other data' },
    ],
    [
      { action: 'pause', target: 'urgent', detail: `because of ${ids[0]}` },
      { verb: 'paused', job: null, target: 'urgent', jobs: [], more: `because of ${ids[0]}` },
    ],
    [
      { action: 'watch', target: `user:${ids[0]}` },
      { verb: 'watched', job: null, target: `user:${ids[0]}` },
    ],
    [
      { action: 'swallow', target: 'urgent' },
      { verb: 'swallow', target: 'urgent' },
    ],
  ])('%j is told', (change, told) => {
    expect(tell(action(change))).toMatchObject(told)
  })

  test('what became of it is said', () => {
    expect(sayJobs(1)).toBe('1 job')
    expect(sayChanged('retry', { jobs: ['a'], held_up: [] })).toBe('1 job waits again')
    expect(sayChanged('cancel', { jobs: ids, held_up: [] })).toBe('2 jobs cancelled')
    expect(sayChanged('retry', { jobs: ids, held_up: ['c'] })).toBe(
      '2 jobs wait again; 1 job not, because another one does the same already',
    )
  })
})
