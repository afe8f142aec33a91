import { QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { act, fireEvent, render, screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { queryClient } from '#api/queries.ts'
import type { JobTag } from '#api/types.ts'
import { TagsPage } from '#features/admin/queue/tags.tsx'
import { withDialogs } from './dialogs.ts'

const NOW = '2026-11-30T09:00:30Z'
const tag: JobTag = {
  tag: 'user:7',
  since: '2026-11-30T08:00:30Z',
  by: 'ann@example.org',
  ready: 1234,
  scheduled: 0,
  running: 1,
  failed: 2,
  done: 30,
  cancelled: 4,
}
const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds))

/** Shows the page with these tags; answers what is sent. */
function show(tags: JobTag[], answer = () => new Response(null, { status: 204 })) {
  const sent: string[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname } = new URL(request.url)
    if (request.method === 'GET') return Response.json({ data: tags, next_cursor: null })
    sent.push(`${request.method} ${pathname.replace('/api/v1/admin/', '')}`)
    return answer()
  })
  const router = createRouter({
    routeTree: createRootRoute({ component: TagsPage }),
    history: createMemoryHistory(),
  })
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  )
  return sent
}

withDialogs(NOW)

test('each number of a tag leads to its jobs', async () => {
  show([tag])
  await wait(10)
  const link = screen.getByRole('link', { name: '1,234 jobs ready with user:7' })
  expect(link.getAttribute('href')).toBe('/admin/jobs?state=ready&tag=user%3A7')
  expect(screen.getByRole('link', { name: '1 job running with user:7' })).toBeTruthy()
  expect(screen.getAllByRole('link')).toHaveLength(6)
})

test('a tag is watched, and no longer', async () => {
  const sent = show([tag])
  await wait(10)
  fireEvent.click(screen.getByRole('button', { name: 'Watch a tag…' }))
  fireEvent.change(screen.getByRole('textbox', { name: 'Tag' }), { target: { value: 'task:a/b' } })
  fireEvent.click(screen.getByRole('button', { name: 'Watch' }))
  await wait(10)
  expect(screen.queryByRole('dialog')).toBeNull()
  fireEvent.click(screen.getByRole('button', { name: 'Stop watching user:7' }))
  await wait(10)
  expect(sent).toEqual(['PUT job-tags/task%3Aa%2Fb', 'DELETE job-tags/user%3A7'])
})

test('what is refused is said at the field', async () => {
  const errors = [{ field: 'id', code: 'too_many', message: '50 are watched already' }]
  const problem = { title: 'Invalid', status: 422, code: 'invalid', errors }
  show([], () => Response.json(problem, { status: 422 }))
  await wait(10)
  fireEvent.click(screen.getByRole('button', { name: 'Watch a tag…' }))
  fireEvent.change(screen.getByRole('textbox', { name: 'Tag' }), { target: { value: 'x' } })
  fireEvent.click(screen.getByRole('button', { name: 'Watch' }))
  await wait(10)
  expect(screen.getByText('50 are watched already')).toBeTruthy()
})
