import { focusManager, QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { accountQuery, queryClient } from '#api/queries.ts'
import type { CacheStatus, DatabaseStatus, SlowQueries } from '#api/types.ts'
import { CachePage } from '#features/admin/cache.tsx'
import { DatabasePage } from '#features/admin/database.tsx'
import { SlowQueriesPage } from '#features/admin/slow-queries.tsx'
import { sayBytes, sayDuration, sayRate, sayShare, sayTotal } from '#features/admin/words.ts'
import { NeverResized } from './never-resized.ts'

test.each([
  [0, '0 µs'],
  [999, '999 µs'],
  [1000, '1 ms'],
  [12_345, '12.3 ms'],
  [100_000, '100 ms'],
  [1_234_000, '1.23 s'],
  [59_999_000, '60 s'],
  [200_000_000, '3 min 20 s'],
  [3_600_000_000, '60 min 0 s'],
])('%d microseconds are said as %s', (microseconds, text) => {
  expect(sayDuration(microseconds)).toBe(text)
})

test('a share is said in percent', () => {
  expect([0, 0.314, 1].map(sayShare)).toEqual(['0%', '31%', '100%'])
})

test('what has been counted for long is said shorter', () => {
  expect([0, 99_999, 100_000, 12_345_678, 4.2e9].map(sayTotal)).toEqual([
    '0',
    '99,999',
    '100K',
    '12.3M',
    '4.2B',
  ])
})

test.each([
  [0, 0, '–'],
  [0, 7, '0%'],
  [986, 1000, '98.6%'],
  [7, 7, '100%'],
])('%d of %d are %s', (some, all, text) => {
  expect(sayRate(some, all)).toBe(text)
})

test.each([
  [0, '0 bytes'],
  [1023, '1,023 bytes'],
  [1536, '1.5 KiB'],
  [12_900_000, '12.3 MiB'],
  [64 * 1024 * 1024, '64 MiB'],
  [2 * 1024 * 1024 * 1024, '2,048 MiB'],
  [12_196_083_712, '11,631 MiB'],
])('%d bytes are said as %s', (bytes, text) => {
  expect(sayBytes(bytes)).toBe(text)
})

const NOW = '2026-11-23T09:00:00Z'

const status: DatabaseStatus = {
  engine: 'postgres',
  version: '15.4',
  pool: {
    size: 4,
    idle: 3,
    in_use: 1,
    waiting: 2,
    max: 10,
    acquire_wait_us_p50: 12,
    acquire_wait_us_p99: 3400,
  },
  primary: { state: 'up', since: '2026-11-23T07:00:00Z', last_error: null },
  replicas: [
    {
      name: 'one:5432',
      state: 'serving',
      lag_ms: 3,
      round_trip_us: 310,
      in_flight: 2,
      share: 0.95,
      served: 12_345,
      rejected: 6,
      evictions: 0,
      last_eviction: null,
    },
    {
      name: 'two:5432',
      state: 'evicted',
      lag_ms: null,
      round_trip_us: null,
      in_flight: 0,
      share: 0,
      served: 7,
      rejected: 0,
      evictions: 1,
      last_eviction: { at: '2026-11-23T08:57:00Z', reason: '2500 ms behind, 2000 are allowed' },
    },
  ],
  reads: { replica: 12_352, primary: 650, primary_capped: 0 },
}

const cache: CacheStatus = {
  store: { kind: 'memory' },
  since: '2026-11-23T07:00:00Z',
  memory_limit_bytes: 64 * 1024 * 1024,
  counters: {
    hits: 900,
    hits_in_store: 80,
    loads: 20,
    callers_loaded: 30,
    waits: 4,
    lost: 5,
    checks: 6,
    stale: 0,
    memory_bytes: 16 * 1024 * 1024,
    memory_entries: 1234,
  },
}
const redis = {
  kind: 'redis',
  way: 'single',
  servers: ['redis1:6379'],
  state: 'in_use',
  since: '2026-11-23T08:57:00Z',
  last_error: null,
  round_trips: 4321,
} as const

const slow: SlowQueries = {
  threshold_us: 100_000,
  since: '2026-11-23T07:00:00Z',
  forgotten: 0,
  data: [],
  recent: [],
}
const sample = {
  at: '2026-11-23T08:57:00Z',
  duration_us: 250_000,
  rows: 3,
  pool_wait_us: 700,
  engine: 'sqlite' as const,
  target: 'primary',
  caller: 'crates/tracker/src/tasks/list.rs:42',
  request_id: '019389f2-3a9a-7c7e-9f57-0e4d7d2b8c11',
  values: null,
}
const one = {
  id: 'aa',
  text: 'SELECT id FROM tasks WHERE title = ?',
  count: 2,
  total_us: 400_000,
  mean_us: 200_000,
  rows: 4,
  last_seen_at: '2026-11-23T08:57:00Z',
  worst: sample,
}

const down = () => Response.json({ title: 'Down', status: 403, code: 'down' }, { status: 403 })

/** Shows a page; the answers are given in turn, the last one again and again. */
function show(Page: () => React.ReactNode, ...answers: unknown[]) {
  const asked: string[] = []
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(new URL(request.url).pathname)
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    return Promise.resolve(answer instanceof Response ? answer.clone() : Response.json(answer))
  })
  render(
    <QueryClientProvider client={queryClient}>
      <Page />
    </QueryClientProvider>,
  )
  return asked
}

beforeEach(() => {
  vi.stubGlobal('ResizeObserver', NeverResized)
  queryClient.clear()
  queryClient.setQueryData(accountQuery.queryKey, null)
})
afterEach(() => {
  cleanup()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  focusManager.setFocused(undefined)
})

describe('the database', () => {
  const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds))

  beforeEach(() => {
    vi.useFakeTimers({ now: new Date(NOW) })
  })

  test('says what answers, and of each replica what it does and why it was taken out', async () => {
    show(DatabasePage, status)
    await wait(1)
    expect(screen.getByText('PostgreSQL 15.4. Every change goes to it.')).toBeTruthy()
    expect(screen.getByText('Up')).toBeTruthy()
    const [, first, second] = screen.getAllByRole('row')
    const cells = (row: HTMLElement | undefined) =>
      within(row as HTMLElement)
        .getAllByRole('cell')
        .map((cell) => cell.textContent)
    expect(cells(first)).toEqual(['95%', '3 ms', '310 µs', '2', '12,345', '6', '0'])
    expect(cells(second)).toEqual(['0%', 'unknown', 'unknown', '0', '7', '0', '1'])
    expect(within(second as HTMLElement).getByRole('rowheader').textContent).toBe(
      'two:5432Taken outLast taken out 3 minutes ago: 2500 ms behind, 2000 are allowed',
    )
  })

  test('is asked again every two seconds, but not while nobody can see it', async () => {
    const asked = show(DatabasePage, status)
    await wait(1)
    expect(asked).toHaveLength(1)
    await wait(2000)
    expect(asked).toHaveLength(2)
    act(() => focusManager.setFocused(false))
    await wait(60_000)
    expect(asked).toHaveLength(2)
    act(() => focusManager.setFocused(true))
    await wait(1)
    expect(asked).toHaveLength(3)
  })

  test('keeps what it knows when it cannot be asked, and says so', async () => {
    show(DatabasePage, status, down())
    await wait(1)
    await wait(4001)
    expect(screen.getByRole('alert').textContent).toBe('Down. This is how it was just now.')
    expect(screen.getAllByRole('row')).toHaveLength(3)
  })

  test('says that SQLite has no replicas', async () => {
    show(DatabasePage, { ...status, engine: 'sqlite', version: '3.51.3', replicas: [] })
    await wait(1)
    expect(screen.getByText('There are no replicas')).toBeTruthy()
    expect(screen.getByText(/SQLite has none/)).toBeTruthy()
    expect(screen.queryByRole('table')).toBeNull()
  })

  test('says why the primary cannot be used', async () => {
    const primary = { state: 'refused', since: NOW, last_error: 'it is behind' }
    show(DatabasePage, { ...status, primary })
    await wait(1)
    expect(screen.getByText('Refused')).toBeTruthy()
    expect(screen.getByText(/The last failure: it is behind/)).toBeTruthy()
  })
})

describe('the cache', () => {
  const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds))
  const figures = () =>
    Object.fromEntries(
      screen
        .getAllByRole('term')
        .map((term) => [term.firstChild?.textContent, term.nextSibling?.textContent]),
    )

  beforeEach(() => {
    vi.useFakeTimers({ now: new Date(NOW) })
  })

  test('says how often it knew the answer, and how much it keeps', async () => {
    show(CachePage, cache)
    await wait(1)
    expect(screen.getByText('In the memory of this process, which shares it with no other.')).toBeTruthy()
    expect(figures()).toEqual({
      'Hit rate': '98%',
      'From memory': '900',
      'Made anew': '20',
      'Look-ups': '30',
      Used: '16 MiB',
      'At most': '64 MiB',
      Answers: '1,234',
      Compared: '6',
      Stale: '0',
    })
    expect(screen.getByText('25% of what there is')).toBeTruthy()
    expect(screen.queryByRole('alert')).toBeNull()
  })

  test('says that nodes share nothing but the database', async () => {
    show(CachePage, { ...cache, store: { kind: 'database' } })
    await wait(1)
    expect(screen.getByText(/Nodes share nothing but the database/)).toBeTruthy()
    expect(screen.queryByText('Round trips')).toBeNull()
  })

  test.each([
    [{}, 'In use', 'Redis at redis1:6379 is connected and in use.'],
    [{ way: 'cluster', servers: ['a:1', 'b:2'] }, 'In use', /^The Redis Cluster at a:1, b:2 is connected/],
    [{ state: 'catching_up' }, 'Catching up', /^Redis at redis1:6379 is connected, but not used before/],
    [{ way: 'sentinel', state: 'away' }, 'Away', /^Redis, found by the Sentinels at redis1:6379, does not/],
  ])('says of Redis %j that it is %s', async (change, state, sentence) => {
    show(CachePage, { ...cache, store: { ...redis, ...change } })
    await wait(1)
    expect(screen.getByText(state)).toBeTruthy()
    expect(screen.getByText(sentence)).toBeTruthy()
    expect(figures()).toMatchObject({
      'From Redis': '80',
      'Look-ups': '30',
      'Round trips': '4,321',
      'Not answered': '5',
      Waits: '4',
    })
  })

  test('says since when Redis is away, and why', async () => {
    show(CachePage, { ...cache, store: { ...redis, state: 'away', last_error: 'Connection refused' } })
    await wait(1)
    const since = screen.getByText(/^Away since/)
    expect(since.textContent).toMatch(/, 3 minutes ago\. The last failure: Connection refused$/)
  })

  test('says what to do when an answer was stale', async () => {
    show(CachePage, { ...cache, counters: { ...cache.counters, stale: 1 } })
    await wait(1)
    expect(screen.getByRole('alert').textContent).toContain('This is a fault of Duly')
    expect(screen.getByText('1').className).toContain('text-danger')
  })

  test('is asked again every two seconds, and keeps what it knows when it cannot be', async () => {
    const asked = show(CachePage, cache, cache, down())
    await wait(1)
    await wait(2000)
    expect(asked).toEqual(Array(2).fill('/api/v1/admin/cache'))
    await wait(4001)
    expect(screen.getByRole('alert').textContent).toBe('Down. This is how it was just now.')
    expect(figures()['Hit rate']).toBe('98%')
  })
})

describe('the slow queries', () => {
  test('there are none', async () => {
    show(SlowQueriesPage, slow)
    expect(await screen.findByText('Nothing was slower than 100 ms since the start')).toBeTruthy()
  })

  test('are opened and explained by keyboard', async () => {
    const asked = show(
      SlowQueriesPage,
      { ...slow, data: [one], recent: [{ id: 'aa', text: one.text, sample }] },
      down(),
      { id: 'aa', plan: 'SCAN tasks\n  USE TEMP B-TREE FOR ORDER BY\n' },
    )
    const button = await screen.findByRole('button', { name: one.text, expanded: false })
    expect(screen.queryByText('Written in')).toBeNull()
    button.focus()
    await userEvent.keyboard('{Enter}')
    expect(button.getAttribute('aria-expanded')).toBe('true')
    expect(screen.getByText('Written in').nextSibling?.textContent).toBe(sample.caller)
    expect(screen.getByText('Request').nextSibling?.textContent).toBe(sample.request_id)
    expect(screen.queryByText('Bound to it')).toBeNull()
    expect(asked).toEqual(['/api/v1/admin/slow-queries'])

    screen.getByRole('button', { name: 'Explain the slowest' }).focus()
    await userEvent.keyboard('{Enter}')
    expect((await screen.findByRole('alert')).textContent).toBe('Down')
    await userEvent.click(screen.getByRole('button', { name: 'Explain again' }))
    expect((await screen.findByRole('region', { name: 'Plan' })).textContent).toContain('USE TEMP B-TREE')
    expect(asked.slice(1)).toEqual(Array(2).fill('/api/v1/admin/slow-queries/aa/plan'))
  })

  test('show what was bound when the server says it', async () => {
    const worst = { ...sample, values: ['Text("milk")', 'Int(7)'] }
    show(SlowQueriesPage, { ...slow, data: [{ ...one, worst }] })
    await userEvent.click(await screen.findByRole('button', { name: one.text }))
    expect(screen.getByText('Bound to it').nextSibling?.textContent).toBe('Text("milk"), Int(7)')
  })

  test('say how many were dropped', async () => {
    show(SlowQueriesPage, { ...slow, forgotten: 3, data: [one] })
    expect(await screen.findByText(/3 more that cost the least were dropped/)).toBeTruthy()
  })
})
