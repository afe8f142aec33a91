import { QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { act, fireEvent, render, screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { queryClient } from '#api/queries.ts'
import type { JobFilter } from '#features/admin/queue/job-filter.ts'
import { SavedFilters } from '#features/admin/queue/saved-filters.tsx'
import { withDialogs } from './dialogs.ts'

const NOTHING = { queue: null, kind: null, tag: null, owner: null, fingerprint: null }
const saved = {
  ...NOTHING,
  name: 'Mails that fail',
  state: 'failed',
  text: 'refused',
  saved_at: '2026-11-30T08:00:30Z',
}
const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds))

interface Sent {
  what: string
  body: unknown
}

/** Shows the saved filters beside the one that is in force; answers what is sent. */
function show(filter: JobFilter, filters: unknown[]) {
  const sent: Sent[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'GET') return Response.json({ data: filters, next_cursor: null })
    const text = await request.text()
    const what = `${request.method} ${new URL(request.url).pathname.replace('/api/v1/admin/', '')}`
    sent.push({ what, body: text ? JSON.parse(text) : null })
    return new Response(null, { status: 204 })
  })
  const router = createRouter({
    routeTree: createRootRoute({ component: () => <SavedFilters filter={filter} /> }),
    history: createMemoryHistory(),
  })
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  )
  return sent
}

withDialogs('2026-11-30T09:00:30Z')

test('a saved filter leads to its jobs, and can be deleted', async () => {
  const sent = show({ state: 'ready' }, [saved])
  await wait(10)
  const link = screen.getByRole('link', { name: 'Mails that fail' })
  expect(link.getAttribute('href')).toBe('/admin/jobs?state=failed&text=refused')
  expect(screen.queryByRole('button', { name: 'Save filter…' })).toBeNull()
  fireEvent.click(screen.getByRole('button', { name: 'Delete the filter Mails that fail' }))
  await wait(10)
  expect(sent).toEqual([{ what: 'DELETE job-filters/Mails%20that%20fail', body: null }])
})

test('a filter is saved without its times', async () => {
  const sent = show({ state: 'failed', kind: 'k', since: '2026-11-30T09:00' }, [])
  await wait(10)
  fireEvent.click(screen.getByRole('button', { name: 'Save filter…' }))
  fireEvent.change(screen.getByRole('textbox', { name: 'Name' }), { target: { value: 'k' } })
  expect(screen.getByText(/Without the times/)).toBeTruthy()
  fireEvent.click(screen.getByRole('button', { name: 'Save' }))
  await wait(10)
  expect(sent).toEqual([{ what: 'PUT job-filters/k', body: { state: 'failed', kind: 'k' } }])
})
