import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ADMIN_PAGES } from '#features/admin/layout.tsx'
import { GroupedPageTabs, PageTabs } from '#ui/page-tabs.tsx'
import { NeverResized } from './never-resized.ts'

/** Shows the tabs of the administration at an address. */
async function showAt(path: string) {
  const component = () => <GroupedPageTabs label="Pages" groups={ADMIN_PAGES} />
  await show(component, path)
  const names = (place: HTMLElement) =>
    within(place)
      .getAllByRole('link')
      .map((link) => link.textContent)
  const group = screen.queryByRole('group')
  return {
    all: names(screen.getByRole('navigation')),
    below: group && [group.getAttribute('aria-label'), ...names(group)],
    shown: screen
      .getAllByRole('link')
      .map((link) => [link.textContent, link.getAttribute('aria-current')])
      .filter(([, current]) => current),
  }
}

async function show(component: () => React.ReactNode, path: string) {
  const routeTree = createRootRoute({ component, notFoundComponent: component })
  const router = createRouter({ routeTree, history: createMemoryHistory({ initialEntries: [path] }) })
  render(<RouterProvider router={router as never} />)
  await screen.findByRole('navigation')
}

/** Has every row be as wide as this, with this in it; jsdom lays nothing out. */
function layOut(width: number, inside: number) {
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(width)
  vi.spyOn(HTMLElement.prototype, 'scrollWidth', 'get').mockReturnValue(inside)
}

beforeEach(() => {
  vi.stubGlobal('ResizeObserver', NeverResized)
  vi.stubGlobal('scrollTo', () => {})
})
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
})

test('of many pages only those of the group that is shown stand there', async () => {
  const { all, below, shown } = await showAt('/admin/failures')
  expect(below).toEqual(['Jobs', 'All jobs', 'Failures', 'Batches', 'Tags'])
  expect(all).toEqual(['Server', 'Queues', 'Jobs', 'Receipts', ...(below ?? []).slice(1)])
  expect(shown).toEqual([
    ['Jobs', 'true'],
    ['Failures', 'page'],
  ])
})

test.each([
  ['/admin', ['Server', 'page'], ['Database', 'page']],
  ['/admin/queues', ['Queues', 'page'], ['Overview', 'page']],
  ['/admin/queues/batches/1', ['Jobs', 'true'], ['Batches', 'true']],
  ['/admin/queues/receipts', ['Receipts', 'page']],
])('%s is found in its group', async (path, ...shown) => {
  expect((await showAt(path)).shown).toEqual(shown)
})

test('a group leads to the first of its pages', async () => {
  await showAt('/admin')
  const address = (name: string) => screen.getByRole('link', { name }).getAttribute('href')
  expect(['Server', 'Queues', 'Jobs', 'Receipts'].map(address)).toEqual([
    '/admin',
    '/admin/queues',
    '/admin/jobs',
    '/admin/queues/receipts',
  ])
})

test('a row says at which edges it goes on', async () => {
  layOut(300, 500)
  await show(() => <PageTabs label="Pages" pages={[['/settings', 'Account']]} />, '/settings')
  const row = screen.getByRole('navigation').firstElementChild as HTMLElement
  const at = (left: number) => {
    row.scrollLeft = left
    fireEvent.scroll(row)
    return row.dataset.more
  }
  expect([at(0), at(100), at(200)]).toEqual(['end', 'start end', 'start'])
})

test('a row that fits goes on nowhere', async () => {
  layOut(300, 300)
  await show(() => <PageTabs label="Pages" pages={[['/settings', 'Account']]} />, '/settings')
  expect((screen.getByRole('navigation').firstElementChild as HTMLElement).dataset.more).toBe('')
})
