import { beforeEach, describe, expect, test, vi } from 'vitest'
import { accountQuery, queryClient, tasksQuery } from '#api/queries.ts'
import { create, edit, knownTask, toggleCompleted } from '#api/task-actions.ts'
import type { TaskPages } from '#api/task-cache.ts'
import { toasts } from '#lib/toasts.ts'
import { takeBackLast } from '#lib/undo.ts'
import { makePages, makeTask } from './make-task.ts'

const key = tasksQuery({}).queryKey
const shown = () => queryClient.getQueryData<TaskPages>(key)?.pages.flatMap((page) => page.data) ?? []

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': status < 300 ? 'application/json' : 'application/problem+json' },
  })

/** Answers requests in turn and keeps what was asked. */
function serve(...answers: (Response | Promise<Response>)[]) {
  const requests: Request[] = []
  vi.stubGlobal('fetch', (request: Request) => {
    requests.push(request)
    return Promise.resolve(
      answers.shift() ?? json({ title: 'Unexpected', status: 500, code: 'unexpected' }, 500),
    )
  })
  return requests
}

beforeEach(() => {
  queryClient.clear()
  toasts.set([])
  queryClient.setQueryData(accountQuery.queryKey, null)
  queryClient.setQueryData(key, makePages([makeTask()]))
})

describe('changing a task', () => {
  test('shows at once, before the server has answered', async () => {
    let answerNow: (response: Response) => void = () => {}
    const promise = new Promise<Response>((resolve) => {
      answerNow = resolve
    })
    serve(promise)
    const done = edit([{ id: 'a', change: { priority: 'high' } }])
    await vi.waitFor(() => expect(shown()[0]?.priority).toBe('high'))
    answerNow(json(makeTask({ priority: 'high', version: 2 })))
    expect(await done).toBe(true)
    expect(knownTask('a')?.version).toBe(2)
  })

  test('goes back and says so when the server refuses', async () => {
    serve(json({ title: 'No', status: 422, code: 'validation', detail: 'Not like this' }, 422))
    expect(await edit([{ id: 'a', change: { title: 'Other' } }])).toBe(false)
    expect(shown()[0]?.title).toBe('Pay rent')
    expect(toasts.get().at(-1)).toMatchObject({ tone: 'danger', text: 'Not saved: Not like this' })
  })

  test('shows the newest version when it was changed elsewhere', async () => {
    const requests = serve(
      json({ title: 'Moved on', status: 412, code: 'precondition_failed' }, 412),
      json(makeTask({ title: 'Their title', version: 7 })),
    )
    await edit([{ id: 'a', change: { title: 'Mine' } }], { guarded: true })
    expect(requests[0]?.headers.get('If-Match')).toBe('"1"')
    expect(shown()[0]?.title).toBe('Their title')
    expect(toasts.get().at(-1)?.text).toContain('changed somewhere else')
  })

  test('two quick changes go out in order, the second with the version the first made', async () => {
    const requests = serve(
      json(makeTask({ title: 'One', version: 2 })),
      json(makeTask({ title: 'Two', version: 3 })),
    )
    await Promise.all([
      edit([{ id: 'a', change: { title: 'One' } }], { guarded: true }),
      edit([{ id: 'a', change: { title: 'Two' } }], { guarded: true }),
    ])
    expect(requests.map((request) => request.headers.get('If-Match'))).toEqual(['"1"', '"2"'])
    expect(shown()[0]?.title).toBe('Two')
  })

  test('can be taken back', async () => {
    const requests = serve(
      json(makeTask({ status: 'completed', completed_at: '2026-11-23T10:00:00Z', version: 2 })),
      json(makeTask({ version: 3 })),
    )
    await toggleCompleted(['a'])
    expect(takeBackLast()?.said).toBe('Completed “Pay rent”')
    await vi.waitFor(() => expect(requests).toHaveLength(2))
    expect(await requests[1]?.json()).toEqual({ status: 'pending' })
    await vi.waitFor(() => expect(shown()[0]?.version).toBe(3))
  })

  test('many at once are one request', async () => {
    queryClient.setQueryData(key, makePages([makeTask(), makeTask({ id: 'b' })]))
    const requests = serve(json({ data: [makeTask({ muted: true }), makeTask({ id: 'b', muted: true })] }))
    await edit(['a', 'b'].map((id) => ({ id, change: { muted: true } })))
    expect(requests).toHaveLength(1)
    expect(await requests[0]?.json()).toEqual({ ids: ['a', 'b'], change: { muted: true } })
    expect(requests[0]?.headers.get('Idempotency-Key')).toBeTruthy()
  })
})

describe('adding a task', () => {
  test('stands in the list at once and is exchanged for the real one', async () => {
    serve(json(makeTask({ id: 'real', title: 'New' }), 201))
    const done = create({ title: 'New' })
    expect(shown().map((task) => task.title)).toContain('New')
    await done
    expect(shown().map((task) => task.id)).toEqual(['a', 'real'])
  })

  test('repeats an unreachable server with the same key', async () => {
    const keys: (string | null)[] = []
    vi.stubGlobal('fetch', (request: Request) => {
      keys.push(request.headers.get('Idempotency-Key'))
      return keys.length === 1
        ? Promise.reject(new TypeError('network'))
        : Promise.resolve(json(makeTask({ id: 'real', title: 'New' }), 201))
    })
    vi.useFakeTimers()
    const done = create({ title: 'New' })
    await vi.runAllTimersAsync()
    vi.useRealTimers()
    await done
    expect(keys).toHaveLength(2)
    expect(keys[0]).toBe(keys[1])
  })
})
