import { QueryClientProvider } from '@tanstack/react-query'
import { cleanup, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { accountQuery, queryClient } from '#api/queries.ts'
import type { Activity, Changes } from '#api/types.ts'
import { ActivityLog } from '#features/tasks/panel/activity.tsx'
import { sayActivity, sayWay } from '#features/tasks/panel/activity-words.ts'

const say = (changes: Changes, action: Activity['action'] = 'changed') =>
  sayActivity(action, changes, '2026-11-23')

describe('the words', () => {
  test('what was done as a whole is one sentence', () => {
    expect(say({}, 'created')).toEqual(['Written down'])
    expect(say({}, 'trashed')).toEqual(['Moved to the trash'])
    expect(say({}, 'restored')).toEqual(['Restored from the trash'])
    expect(say({}, 'purged')).toEqual(['Deleted for good'])
  })

  test('completing says no status, and what else was changed', () => {
    const status = { from: 'pending', to: 'completed' } as const
    expect(say({ status }, 'completed')).toEqual(['Completed'])
    expect(say({ status, muted: { from: false, to: true } }, 'completed')).toEqual([
      'Completed',
      'Left out of the overdue mail',
    ])
    expect(say({ status: { from: 'completed', to: 'in_progress' } }, 'reopened')).toEqual(['Opened again'])
    expect(say({ status: { from: 'pending', to: 'in_progress' } })).toEqual([
      'Moved from To do to In progress',
    ])
  })

  test.each<[Changes, string]>([
    [{ title: { from: 'Pay', to: 'Pay rent' } }, 'Renamed from “Pay” to “Pay rent”'],
    [{ description: 'changed' }, 'Description changed'],
    [{ due_date: { from: '2026-11-24', to: '2026-11-26' } }, 'Due date changed from Nov 24 to Nov 26'],
    [{ due_date: { from: null, to: '2027-01-02' } }, 'Due date set to Jan 2, 2027'],
    [{ due_date: { from: '2026-11-24', to: null } }, 'Due date removed'],
    [{ due_time: { from: null, to: '18:00' } }, 'Due time set to 18:00'],
    [{ priority: { from: 'none', to: 'high' } }, 'Priority changed from No priority to High'],
    [{ labels: { from: ['a'], to: ['a', 'b'] } }, 'Label b added'],
    [{ labels: { from: ['a', 'b', 'c'], to: ['b'] } }, 'Labels a, c removed'],
    [{ labels: { from: ['a', 'b'], to: ['b', 'a'] } }, 'Labels put in another order'],
    [{ snoozed_until: { from: null, to: '2026-11-24' } }, 'Snoozed until Nov 24'],
    [{ snoozed_until: { from: '2026-11-24', to: null } }, 'Snooze ended'],
    [{ muted: { from: true, to: false } }, 'Named in the overdue mail again'],
  ])('%j', (changes, sentence) => {
    expect(say(changes)).toEqual([sentence])
  })

  test('by which way', () => {
    expect(sayWay({ via: 'session', token_name: null })).toBeNull()
    expect(sayWay({ via: 'mail_link', token_name: null })).toBe('by mail link')
    expect(sayWay({ via: 'system', token_name: null })).toBe('by Duly')
    expect(sayWay({ via: 'token', token_name: 'Robot' })).toBe('by the API token “Robot”')
    expect(sayWay({ via: 'import', token_name: null })).toBe('by import')
    expect(sayWay({ via: 'import', token_name: 'Robot' })).toBe('by import with the API token “Robot”')
  })
})

const entry = (id: string, change: Partial<Activity> = {}) => ({
  id,
  at: '2026-11-23T07:00:00Z',
  action: 'changed',
  actor: 'ann',
  via: 'mail_link',
  token_name: null,
  changes: { due_date: { from: '2026-11-24', to: '2026-11-26' } },
  ...change,
})
const page = (data: unknown[], next_cursor: string | null = null) => Response.json({ data, next_cursor })
const refusal = () => Response.json({ title: 'Down', status: 404, code: 'down' }, { status: 404 })

/** Shows the section; the answers are given in turn. */
function show(...answers: (Response | Promise<Response>)[]) {
  const asked: string[] = []
  vi.stubGlobal('fetch', (request: Request) => {
    const { pathname, search } = new URL(request.url)
    asked.push(pathname + search)
    return Promise.resolve(answers.shift() ?? refusal())
  })
  render(
    <QueryClientProvider client={queryClient}>
      <ActivityLog taskId="t" />
    </QueryClientProvider>,
  )
  return asked
}

describe('the section', () => {
  beforeEach(() => {
    queryClient.clear()
    queryClient.setQueryData(accountQuery.queryKey, null)
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-23T09:00:00Z') })
  })
  afterEach(() => {
    cleanup()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  test('asks for nothing until it is opened, which the keyboard can do', async () => {
    const asked = show(page([entry('a')]))
    const button = screen.getByRole('button', { name: 'Activity', expanded: false })
    expect(asked).toEqual([])
    await userEvent.tab()
    expect(document.activeElement).toBe(button)
    await userEvent.keyboard('{Enter}')
    const item = await screen.findByRole('listitem')
    expect(item.textContent).toBe('Due date changed from Nov 24 to Nov 262 hours ago · by mail link')
    expect(within(item).getByText('2 hours ago').getAttribute('dateTime')).toBe('2026-11-23T07:00:00Z')
    expect(asked).toEqual(['/api/v1/tasks/t/activity?limit=20'])
    await userEvent.keyboard('{Enter}')
    expect(screen.queryByRole('listitem')).toBeNull()
    expect(button.getAttribute('aria-expanded')).toBe('false')
  })

  test('says that it is loading, and that there is nothing', async () => {
    let answerNow: (response: Response) => void = () => {}
    show(new Promise<Response>((resolve) => (answerNow = resolve)))
    await userEvent.click(screen.getByRole('button', { name: 'Activity' }))
    expect(screen.getByRole('status').textContent).toBe('Loading the activity…')
    answerNow(page([]))
    await screen.findByText('Nothing was changed yet.')
  })

  test('shows earlier entries page by page, and keeps them when a page fails', async () => {
    const asked = show(
      page([entry('a')], 'next'),
      refusal(),
      page([entry('b', { action: 'created', changes: {}, via: 'session' } as Partial<Activity>)]),
    )
    await userEvent.click(screen.getByRole('button', { name: 'Activity' }))
    await userEvent.click(await screen.findByRole('button', { name: 'Show earlier' }))
    expect((await screen.findByRole('alert')).textContent).toContain('could not be loaded: Down.')
    expect(screen.getAllByRole('listitem')).toHaveLength(1)
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
    await screen.findByText('Written down')
    expect(asked.at(-1)).toBe('/api/v1/tasks/t/activity?limit=20&cursor=next')
    expect(screen.getAllByRole('listitem')).toHaveLength(2)
    expect(screen.queryByRole('button', { name: 'Show earlier' })).toBeNull()
  })

  test('says what went wrong, and tries again', async () => {
    show(refusal(), page([entry('a')]))
    await userEvent.click(screen.getByRole('button', { name: 'Activity' }))
    await userEvent.click(await screen.findByRole('button', { name: 'Try again' }))
    await screen.findByText('Due date changed from Nov 24 to Nov 26')
    expect(screen.queryByRole('alert')).toBeNull()
  })
})
