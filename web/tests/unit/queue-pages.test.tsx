import { focusManager, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { act, cleanup, render, screen, within } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { accountQuery, queryClient } from '#api/queries.ts'
import type { Queues } from '#api/types.ts'
import AlarmCount from '#features/admin/queue/alarm-count.tsx'
import { QueuesPage } from '#features/admin/queue/queues.tsx'

const NOW = '2026-11-30T09:00:30Z'
const nothing = { mean_ms: null, p50_ms: null, p95_ms: null, p99_ms: null }
const figures = {
  done: 12,
  failed: 0,
  retried: 0,
  expired: 0,
  released: 0,
  cancelled: 0,
  wait: { mean_ms: 40, p50_ms: 12, p95_ms: 480, p99_ms: 65_000 },
  run: nothing,
}
const status: Queues = {
  queues: [
    {
      name: 'urgent',
      ready: 3,
      scheduled: 2,
      running: 1,
      failed: 4,
      waiting_since: '2026-11-30T08:57:00Z',
      pause: null,
      last_hour: figures,
    },
  ],
  kinds: ['send_reminder'],
  paused_kinds: [],
  workers: [
    {
      id: 'w',
      host: 'vm',
      process: 7,
      version: '0.1.0',
      queues: ['urgent'],
      slots: 4,
      running: [{ job: 'j', kind: 'send_reminder', queue: 'urgent', attempt: 2, for_ms: 3000 }],
      memory_bytes: 64 * 1024 * 1024,
      started_at: '2026-11-30T08:00:30Z',
      heard_at: '2026-11-30T09:00:28Z',
    },
  ],
  balance: null,
  alarms: [],
}
const refused = () => Response.json({ title: 'Down', status: 403, code: 'down' }, { status: 403 })
const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds))

/** Shows the page, or a part of it; what is asked of the queues is answered in turn, the last answer again and again. */
function show(...answers: unknown[]) {
  return showOf(QueuesPage, ...answers)
}

function showOf(component: () => ReactNode, ...answers: unknown[]) {
  const asked: string[] = []
  vi.stubGlobal('fetch', (request: Request) => {
    const { pathname } = new URL(request.url)
    if (pathname.endsWith('/measures')) return Promise.resolve(Response.json({ data: [], next_cursor: null }))
    asked.push(pathname)
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    return Promise.resolve(answer instanceof Response ? answer.clone() : Response.json(answer))
  })
  const router = createRouter({
    routeTree: createRootRoute({ component }),
    history: createMemoryHistory(),
  })
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  )
  return asked
}

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW) })
  vi.stubGlobal('scrollTo', () => {})
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener() {}, removeEventListener() {} }))
  queryClient.clear()
  queryClient.setQueryData(accountQuery.queryKey, null)
})
afterEach(() => {
  cleanup()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  focusManager.setFocused(undefined)
})

test('the workload of each queue stands in a row', async () => {
  show(status)
  await wait(10)
  const [, row] = screen.getAllByRole('row')
  const cells = within(row as HTMLElement).getAllByRole('cell')
  expect(cells.map((cell) => cell.textContent)).toEqual([
    '3',
    '1',
    '2',
    '4',
    '3 min',
    '12',
    'p5012 msp95480 msp991 min 5 s',
    '–',
    'Pause…',
  ])
  expect(screen.getByText('1 of 4 at work')).toBeTruthy()
  expect(screen.queryByRole('alert')).toBeNull()
})

test('is asked again every two seconds, but not while nobody can see it', async () => {
  const asked = show(status)
  await wait(10)
  expect(asked).toHaveLength(1)
  await wait(2000)
  expect(asked).toHaveLength(2)
  act(() => focusManager.setFocused(false))
  await wait(60_000)
  expect(asked).toHaveLength(2)
  act(() => focusManager.setFocused(true))
  await wait(10)
  expect(asked).toHaveLength(3)
})

test('keeps what it knows when it cannot be asked, and says so', async () => {
  show(status, refused())
  await wait(10)
  await wait(2500)
  expect(screen.getByRole('alert').textContent).toBe('Down. This is how it was just now.')
  expect(screen.getByText('1 of 4 at work')).toBeTruthy()
})

test('warns when nobody works, and of a queue nobody serves', async () => {
  show({ ...status, workers: [] }, { ...status, workers: [{ ...status.workers[0], queues: ['default'] }] })
  await wait(10)
  expect(screen.getByRole('alert').textContent).toMatch(/^No worker was heard of within the last minute/)
  await wait(2000)
  expect(screen.getByRole('alert').textContent).toBe(
    'No worker serves the queue urgent: 3 jobs wait for nobody.',
  )
})

const alarm = (name: string, detail: string) => ({ name, detail, since: '2026-11-30T08:57:00Z' })
const alarms = [
  alarm('no_worker', 'No worker runs. Start `duly serve` or `duly work`.'),
  alarm('failing:urgent', '61 jobs failed.'),
]

test('tells what operators were told, with commands as such', async () => {
  show({ ...status, alarms })
  await wait(10)
  const { textContent, innerHTML } = screen.getByRole('alert')
  expect(textContent).toBe(
    'No worker runs. Start duly serve or duly work.Since Nov 30, 2026, 08:57' +
      '61 jobs failed.Since Nov 30, 2026, 08:57',
  )
  expect(innerHTML.match(/<code[^>]*>[^<]*/g)).toHaveLength(2)
  expect(innerHTML).not.toContain('`')
})

test('does not say twice that nobody works', async () => {
  show({ ...status, workers: [], alarms }, { ...status, workers: [], alarms: alarms.slice(1) })
  await wait(10)
  expect(screen.getAllByRole('alert')).toHaveLength(1)
  await wait(2000)
  expect(screen.getAllByRole('alert').map(({ textContent }) => textContent?.slice(0, 19))).toEqual([
    '61 jobs failed.Sinc',
    'No worker was heard',
  ])
})

test('the number of alarms is looked at once a minute, and stands nowhere when there is none', async () => {
  const asked = showOf(AlarmCount, { ...status, alarms }, { ...status, alarms: alarms.slice(1) }, status)
  await wait(10)
  expect(document.body.textContent).toBe('2 alarms')
  await wait(59_000)
  expect(asked).toHaveLength(1)
  await wait(1100)
  expect(document.body.textContent).toBe('1 alarm')
  await wait(60_100)
  expect(document.body.textContent).toBe('')
})

test('says who paused a queue, and offers to resume it', async () => {
  const pause = { name: 'urgent', since: NOW, until: null, by: 'ann@example.org', reason: 'The disk' }
  show({ ...status, queues: [{ ...status.queues[0], pause }] })
  await wait(10)
  expect(screen.getByText(/^By ann@example.org/).textContent).toBe(
    'By ann@example.org, just now, until it is resumed: The disk',
  )
  expect(screen.getByRole('button', { name: 'Resume urgent' })).toBeTruthy()
})

test('says when a worker has fallen silent', async () => {
  const [worker] = status.workers
  show({ ...status, workers: [{ ...worker, heard_at: '2026-11-30T08:59:50Z' }] })
  await wait(10)
  expect(screen.getByText('Silent for 40 s')).toBeTruthy()
})
