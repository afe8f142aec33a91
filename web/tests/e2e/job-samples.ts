import type { Page } from '@playwright/test'
import type { Job, JobAction, JobDetails, JobFailures, JobMeasure, Queues } from '#api/types.ts'

/* A server on a bad day, which the one under test is not. */

const HOUR = 3_600_000
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString()
export const idOf = (number: number) => `01a22a56-86a2-7ec2-a157-${String(number).padStart(12, '0')}`
const FINGERPRINT = '4d9549a7f9605418'
const ERROR = `the mail server refused it: ${'421 4.7.0 try again later '.repeat(8)}`

const durations = { mean_ms: 40, p50_ms: 12, p95_ms: 480, p99_ms: 65_000 }
const figures = {
  done: 1234,
  failed: 61,
  retried: 12,
  expired: 2,
  released: 0,
  cancelled: 1,
  wait: durations,
  run: durations,
}
const nothing = { mean_ms: null, p50_ms: null, p95_ms: null, p99_ms: null }
const pause = {
  since: ago(HOUR),
  until: ago(-HOUR),
  by: 'operator@example.org',
  reason: 'The disk is being replaced',
}
const queue = {
  name: 'urgent',
  ready: 12_345,
  scheduled: 12,
  running: 3,
  failed: 98,
  waiting_since: ago(2 * HOUR),
  pause: null,
  last_hour: figures,
}

export const queues: Queues = {
  queues: [
    queue,
    {
      ...queue,
      name: 'maintenance',
      failed: 0,
      waiting_since: null,
      pause: { name: 'maintenance', ...pause },
    },
    {
      ...queue,
      name: 'default',
      running: 0,
      last_hour: { ...figures, done: 0, wait: nothing, run: nothing },
    },
  ],
  balance: {
    at: ago(90_000),
    mode: 'auto',
    slots: 8,
    floating: 2,
    queues: ['urgent', 'maintenance'].map((name) => ({
      name,
      slots: 3,
      wanted: 5,
      at_most: name === 'urgent' ? null : 3,
      backlog: 12_345,
      arrived: 12,
      finished: 3,
      run_ms: 480,
      reason: '3 slots: held at its maximum of 3, 12345 waiting at 30 s target need 197.6',
    })),
  },
  alarms: [
    {
      name: 'no_scheduler',
      detail: 'Nobody starts what is scheduled: no reminders are looked for. Start `duly serve`.',
      since: ago(2 * HOUR),
    },
    {
      name: 'failing:urgent',
      detail: '61 jobs of the queue urgent failed within ten minutes.',
      since: ago(0),
    },
  ],
  kinds: ['purge_trash', 'send_reminder'],
  paused_kinds: [{ name: 'send_reminder', ...pause, until: null }],
  workers: [
    {
      id: idOf(1),
      host: 'worker-2.example.org',
      process: 4711,
      version: '0.1.0',
      queues: ['urgent', 'maintenance'],
      slots: 8,
      running: [
        { job: idOf(7), kind: 'send_reminder', queue: 'urgent', attempt: 2, for_ms: 97_000 },
        { job: idOf(8), kind: 'purge_trash', queue: 'maintenance', attempt: 1, for_ms: 3000 },
      ],
      memory_bytes: 196_083_712,
      started_at: ago(26 * HOUR),
      heard_at: ago(30_000),
    },
  ],
}

const measures: JobMeasure[] = [0, 1, 2, 3, 4, 5].flatMap((back) =>
  ['send_reminder', 'purge_trash'].map((kind) => ({
    ...figures,
    start: new Date(Math.floor(Date.now() / 60_000 - back) * 60_000).toISOString(),
    queue: 'urgent',
    kind,
  })),
)

const job: Job = {
  id: idOf(7),
  queue: 'urgent',
  kind: 'send_reminder',
  state: 'failed',
  priority: 'high',
  owner: 'user-7',
  tags: ['user:7', 'mail'],
  payload: '{"notification":"01a22a56-86a2-7ec2-a157-09689e490a0b","offset_minutes":15}',
  attempts: 2,
  tries: 5,
  pushed_at: ago(HOUR),
  due_at: null,
  started_at: ago(HOUR - 3000),
  ended_at: ago(HOUR - 4000),
  worker: idOf(1),
  error: ERROR,
  fingerprint: FINGERPRINT,
}

export const details: JobDetails = {
  ...job,
  history: [
    {
      number: 1,
      started_at: ago(HOUR - 1000),
      ended_at: ago(HOUR - 1500),
      outcome: 'retried',
      error: ERROR,
      worker: idOf(1),
      log: [
        { after_ms: 4, level: 'info', target: 'duly_tracker::mail', text: 'asking the relay' },
        { after_ms: 480, level: 'warn', target: 'duly_tracker::mail', text: 'the relay is slow ms=476' },
      ],
      log_more: 3,
    },
    {
      number: 2,
      started_at: ago(HOUR - 3000),
      ended_at: ago(HOUR - 4000),
      outcome: 'failed',
      error: ERROR,
      worker: idOf(2),
      log: [],
      log_more: 0,
    },
  ],
}

/** A page of failed jobs, from one number to another. */
export const jobs = (from: number, to: number): Job[] =>
  Array.from({ length: to - from }, (_, index) => ({ ...job, id: idOf(from + index) }))

const failures: JobFailures[] = [
  {
    fingerprint: FINGERPRINT,
    kind: 'send_reminder',
    queue: 'urgent',
    jobs: 1234,
    first_at: ago(48 * HOUR),
    last_at: ago(HOUR),
    error: ERROR,
  },
]

const actions: JobAction[] = [
  { at: ago(HOUR), by: 'operator@example.org', action: 'pause', target: 'maintenance', detail: 'The disk' },
  {
    at: ago(2 * HOUR),
    by: 'operator@example.org',
    action: 'retry',
    target: '2 jobs',
    detail: `${idOf(1)} ${idOf(2)} 10 each second`,
  },
  { at: ago(3 * HOUR), by: 'operator@example.org', action: 'cancel', target: idOf(3), detail: '' },
]

const one = <Item>(data: Item[]) => ({ data, next_cursor: null })

/** Has the page shown this server instead of the one under test. */
export async function answerWithTrouble(page: Page) {
  const routes: [string, unknown][] = [
    ['**/api/v1/admin/queues', queues],
    ['**/api/v1/admin/queues/measures*', one(measures)],
    ['**/api/v1/admin/queues/actions*', one(actions)],
    ['**/api/v1/admin/jobs?*', one(jobs(0, 3))],
    [`**/api/v1/admin/jobs/${idOf(7)}`, details],
    ['**/api/v1/admin/job-failures', one(failures)],
  ]
  for (const [address, json] of routes) await page.route(address, (route) => route.fulfill({ json }))
}
