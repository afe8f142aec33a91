import type { Page } from '@playwright/test'
import type { BalanceSettings, Batch, JobTag, Receipt, Replay, Schedule } from '#api/types.ts'
import { idOf } from './job-samples.ts'

/* What the server under test need not have: trouble with schedules, batches, reminders and slots. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString()

const schedule: Schedule = {
  name: 'purge_trash',
  cadence: 'daily at 02:30',
  zone: 'UTC',
  catch_up: 'once',
  queue: 'maintenance',
  last_slot: ago(HOUR),
  fired_at: ago(HOUR - 3 * MINUTE),
  late_ms: 3 * MINUTE,
  next_at: ago(-23 * HOUR),
  missed: 12_345,
  error: `the database is away: ${'connection refused '.repeat(8)}`,
  failed_at: ago(HOUR),
  last_run_ms: 97_000,
  pause: null,
}

const schedules: Schedule[] = [
  schedule,
  {
    ...schedule,
    name: 'dispatch_reminders',
    cadence: 'every 10 s',
    error: null,
    pause: {
      since: ago(HOUR),
      until: ago(-HOUR),
      by: 'operator@example.org',
      reason: 'The mail server moves',
    },
  },
  {
    ...schedule,
    name: 'look_after_partitions',
    catch_up: 'skip',
    last_slot: null,
    fired_at: null,
    late_ms: null,
    missed: 0,
    error: null,
    last_run_ms: null,
  },
]

export const batch: Batch = {
  id: idOf(21),
  name: 'Weekly digests',
  state: 'running',
  total: 12_400,
  done: 8123,
  failed: 31,
  cancelled: 0,
  pending: 4246,
  completion: 'report_digests',
  created_at: ago(5 * MINUTE),
  ended_at: null,
  by: null,
}

/** A page of batches, from one number to another. */
export const batches = (from: number, to: number): Batch[] =>
  Array.from({ length: to - from }, (_, index) => ({
    ...batch,
    id: idOf(from + index),
    name: `Batch ${from + index}`,
  }))

const ended: Batch = {
  ...batch,
  id: idOf(22),
  name: `Import of ${'a file with a long name '.repeat(6)}`,
  state: 'finished',
  done: 12_369,
  pending: 0,
  completion: null,
  ended_at: ago(MINUTE),
  by: 'operator@example.org',
}

export const receipt: Receipt = {
  id: idOf(31),
  user_id: idOf(7),
  user_email: 'somebody.with.a.rather.long.address@mail.example.org',
  kind: 'due_time',
  task_id: idOf(55),
  slot: '2026-11-24T18:00',
  state: 'sent',
  planned_at: ago(HOUR),
  sent_at: ago(HOUR - 3 * MINUTE),
  late_ms: 3 * MINUTE,
  attempts: 2,
  message_id: `${idOf(31)}@duly.example.org`,
  reason: null,
}

const receipts: Receipt[] = [
  receipt,
  { ...receipt, id: idOf(33), kind: 'escalated', sent_at: null, late_ms: null, state: 'planned' },
  { ...receipt, id: idOf(34), kind: 'collected', task_id: null, slot: '2026-11-24' },
  { ...receipt, id: idOf(35), kind: 'digest', task_id: null, slot: '2026-11-23' },
  {
    ...receipt,
    id: idOf(32),
    kind: 'overdue',
    task_id: null,
    slot: '2026-11-24',
    state: 'bounced',
    sent_at: null,
    late_ms: null,
    reason: `550 5.1.1 nobody of this name lives here ${'and nobody ever did '.repeat(5)}`,
  },
  {
    ...receipt,
    id: idOf(36),
    kind: 'due',
    slot: '2026-11-24',
    state: 'complained',
    reason: 'a mail was reported as spam (abuse, told by mx.example.org)',
  },
]

const limits = { min: 1, max: null, weight: 2, target_s: 30 }
export const balanceSettings: BalanceSettings = {
  data: [
    { ...limits, queue: 'urgent', weight: 4, target_s: 5, origin: 'operator' },
    { ...limits, queue: 'default', origin: 'built-in' },
    { ...limits, queue: 'maintenance', max: 3, target_s: 600, origin: 'configuration' },
  ],
  cooldown_s: 3,
}

export const replay: Replay = {
  decisions: 4211,
  queues: balanceSettings.data.map(({ queue }, index) => ({
    queue,
    mean_slots: 3.25,
    mean_slots_before: index === 0 ? 2.5 : 3.25,
    max_slots: 7,
    max_slots_before: index === 0 ? 4 : 7,
    short_s: index === 0 ? 120 : 0,
    short_s_before: index === 0 ? 4315 : 0,
  })),
  points: Array.from({ length: 288 }, (_, index) => ({
    at: ago((288 - index) * 5 * MINUTE),
    slots: { urgent: 2 + (index % 5), default: 2, maintenance: 1 },
    slots_before: { urgent: 2 + (index % 3), default: 2, maintenance: 1 },
  })),
}

const tag: JobTag = {
  tag: 'user:01998f2c-3a9a-7c7e-9f57-0e4d7d2b8c11',
  since: ago(HOUR),
  by: 'operator@example.org',
  ready: 12_345,
  scheduled: 12,
  running: 3,
  failed: 98,
  done: 1234,
  cancelled: 0,
}

const one = <Item>(data: Item[]) => ({ data, next_cursor: null })

/** Has the page shown this trouble instead of the server under test. */
export async function answerOperator(page: Page) {
  const routes: [string, unknown][] = [
    ['**/api/v1/admin/schedules', { data: schedules }],
    ['**/api/v1/admin/job-tags', one([tag])],
    ['**/api/v1/admin/batches?*', one([batch, ended])],
    [`**/api/v1/admin/batches/${batch.id}`, batch],
    ['**/api/v1/admin/receipts?*', one(receipts)],
    ['**/api/v1/admin/queues/settings', balanceSettings],
    ['**/api/v1/admin/queues/replay', replay],
  ]
  for (const [address, json] of routes) await page.route(address, (route) => route.fulfill({ json }))
}
