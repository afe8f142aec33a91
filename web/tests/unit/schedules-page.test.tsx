import { QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { act, fireEvent, render, screen, within } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { queryClient } from '#api/queries.ts'
import type { Schedule } from '#api/types.ts'
import { SchedulesPage } from '#features/admin/schedules/schedules.tsx'
import { withDialogs } from './dialogs.ts'

const NOW = '2026-11-30T09:00:30Z'
const schedule: Schedule = {
  name: 'purge_trash',
  cadence: 'daily at 02:30',
  zone: 'UTC',
  catch_up: 'once',
  queue: 'maintenance',
  last_slot: '2026-11-30T02:30:00Z',
  fired_at: '2026-11-30T02:30:00.012Z',
  late_ms: 12,
  next_at: '2026-12-01T02:30:00Z',
  missed: 0,
  error: null,
  failed_at: null,
  last_run_ms: 3120,
  pause: null,
}
const pause = { since: NOW, until: null, by: 'ann@example.org', reason: 'The disk' }
const refused = () => Response.json({ title: 'Down', status: 403, code: 'down' }, { status: 403 })
const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds))

interface Sent {
  path: string
  body: unknown
}

/** Shows the page; what is asked of the schedules is answered in turn, the last answer again and again. */
function show(...answers: unknown[]) {
  const sent: Sent[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname } = new URL(request.url)
    if (request.method === 'POST') {
      const text = await request.text()
      sent.push({ path: pathname.replace('/api/v1/admin/', ''), body: text ? JSON.parse(text) : null })
      return new Response(null, { status: 204 })
    }
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    return answer instanceof Response ? answer.clone() : Response.json({ data: answer })
  })
  const router = createRouter({
    routeTree: createRootRoute({ component: SchedulesPage }),
    history: createMemoryHistory(),
  })
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  )
  return sent
}

const cells = () => {
  const [, row] = screen.getAllByRole('row')
  return within(row as HTMLElement)
    .getAllByRole('cell')
    .map((cell) => cell.textContent)
}
const press = (key: string) => act(() => fireEvent.keyDown(document.activeElement ?? document.body, { key }))

withDialogs(NOW)

test('each schedule stands in a row with its last run and its next', async () => {
  show([schedule])
  await wait(10)
  expect(cells().map((text) => text?.replace(/Dec 1, .*/, ''))).toEqual([
    'daily at 02:30UTC, catches up once',
    'in 17 h 29 min',
    '6 h 30 min ago',
    '3.12 s',
    '0',
    'Run nowPause…',
  ])
})

test('one that never ran, and one that ran late, say so', async () => {
  const never = { ...schedule, fired_at: null, late_ms: null, last_run_ms: null }
  show([never], [{ ...schedule, late_ms: 210_000, missed: 12 }])
  await wait(10)
  expect(cells().slice(2, 4)).toEqual(['never', '–'])
  await wait(2000)
  expect(screen.getByText('3 min 30 s late')).toBeTruthy()
  expect(cells()[4]).toBe('12')
})

test('where its jobs wait stands with it, as long as anybody knows', async () => {
  show([schedule], [{ ...schedule, queue: null }])
  await wait(10)
  expect(screen.getByRole('rowheader').textContent).toBe('Purge trashmaintenance')
  await wait(2000)
  expect(screen.getByRole('rowheader').textContent).toBe('Purge trash')
})

test('why the last firing failed is said with when that was', async () => {
  show([{ ...schedule, error: 'the database is away', failed_at: '2026-11-30T09:00:10Z' }])
  await wait(10)
  expect(screen.getByText('Failed')).toBeTruthy()
  expect(screen.getByText(/the database is away/).textContent).toBe('20 s ago: the database is away')
})

test('one that is paused has no next run, and can be resumed', async () => {
  const sent = show([{ ...schedule, pause }])
  await wait(10)
  expect(cells()[1]).toBe('–')
  expect(screen.getByText(/^By ann@example.org/).textContent).toContain('until it is resumed: The disk')
  act(() => screen.getByRole('button', { name: 'Resume Purge trash' }).click())
  await wait(10)
  expect(sent).toEqual([{ path: 'schedules/purge_trash/resume', body: null }])
})

test('keys walk the schedules, and run the one that has the focus', async () => {
  const sent = show([schedule, { ...schedule, name: 'purge_assets' }])
  await wait(10)
  press('r')
  expect(sent).toEqual([])
  press('j')
  expect(document.activeElement?.textContent).toBe('Purge trash')
  press('j')
  press('j')
  expect(document.activeElement?.textContent).toBe('Purge assets')
  press('r')
  await wait(10)
  expect(sent).toEqual([{ path: 'schedules/purge_assets/run', body: null }])
})

test('a pause for an hour ends in an hour', async () => {
  const sent = show([schedule])
  await wait(10)
  press('j')
  press('p')
  expect(screen.getByRole('dialog', { name: 'Pause Purge trash' })).toBeTruthy()
  fireEvent.change(screen.getByLabelText('Reason'), { target: { value: 'The disk' } })
  act(() => screen.getByRole('button', { name: 'Pause' }).click())
  await wait(10)
  const body = { reason: 'The disk', minutes: 60 }
  expect(sent).toEqual([{ path: 'schedules/purge_trash/pause', body }])
})

test('is asked again every two seconds, and keeps what it knows when it cannot be', async () => {
  show([schedule], refused())
  await wait(10)
  await wait(2500)
  expect(screen.getByRole('alert').textContent).toBe('Down. This is how it was just now.')
  expect(screen.getByText('Purge trash')).toBeTruthy()
})

test('says what there is when there are none', async () => {
  show([])
  await wait(10)
  expect(screen.getByText('Nothing comes back by itself')).toBeTruthy()
})

test('says when they cannot be loaded', async () => {
  show(refused())
  await wait(10)
  expect(screen.getByRole('alert').textContent).toContain('This could not be loaded')
})
