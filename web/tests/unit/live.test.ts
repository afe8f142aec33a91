import { QueryObserver } from '@tanstack/react-query'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { accountQuery, labelsQuery, queryClient, statisticsQuery, taskQuery } from '#api/queries.ts'
import { Standing } from '#api/live/messages.ts'
import { createRefresh } from '#api/live/refresh.ts'
import { share } from '#api/live/share.ts'
import { listen } from '#api/live/source.ts'
import type { Message } from '#api/live/messages.ts'
import { forgetSeen, noteSeen, noteTag, seenSince } from '#api/seen.ts'
import { edit } from '#api/task-actions.ts'
import { makePages, makeTask } from './make-task.ts'

const change = (id: string, version: number | null) => ({ type: 'task' as const, id, version })

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  queryClient.clear()
  forgetSeen()
})

describe('what a page has been given', () => {
  test('is as old as the oldest of it', () => {
    noteTag('"3"')
    expect(seenSince()).toBeUndefined()
    noteTag('W/"7-abc"')
    noteSeen(9)
    expect(seenSince()).toBe(7)
  })
})

describe('where a page stands', () => {
  test('it looks at what changed since, and at everything when it missed something', () => {
    const standing = new Standing(5)
    const six = { kind: 'change' as const, since: 5, version: 6, changes: [change('a', 2)] }
    expect(standing.hear({ kind: 'at', version: 5 })).toEqual([])
    expect(standing.hear(six)).toEqual([change('a', 2)])
    expect(standing.hear(six)).toEqual([])
    expect(standing.hear({ kind: 'change', since: 8, version: 9, changes: [change('b', 1)] })).toBe(
      'everything',
    )
    expect(standing.hear({ kind: 'at', version: 7 })).toEqual([])
    expect(standing.hear({ kind: 'resync', version: 9 })).toEqual([])
    expect(standing.hear({ kind: 'at', version: 10 })).toBe('everything')
    // The server was given back an older state.
    expect(standing.hear({ kind: 'resync', version: 4 })).toBe('everything')
  })

  test('who knows nothing begins where they are told', () => {
    const standing = new Standing(undefined)
    expect(standing.hear({ kind: 'at', version: 5 })).toEqual([])
    expect(standing.version).toBe(5)
  })
})

/** A server that can be made to say things. */
class FakeSource extends EventTarget {
  static readonly CLOSED = 2
  static all: FakeSource[] = []
  readyState = 1
  url: string

  constructor(url: string) {
    super()
    this.url = url
    FakeSource.all.push(this)
  }
  static get last() {
    return FakeSource.all.at(-1)
  }
  close() {
    this.readyState = FakeSource.CLOSED
  }
  say(name: string, data: unknown) {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }))
  }
  fail(readyState: number) {
    this.readyState = readyState
    this.dispatchEvent(new Event('error'))
  }
}

describe('listening to the server', () => {
  const heard: Message[] = []
  const refused = vi.fn()
  let known: number | undefined

  beforeEach(() => {
    vi.stubGlobal('EventSource', FakeSource)
    FakeSource.all = []
    heard.length = 0
    refused.mockClear()
    known = 5
  })
  const start = () => listen({ known: () => known, hear: (message) => heard.push(message), refused })

  test('names what is known, and says since when a change is one', () => {
    const stop = start()
    expect(FakeSource.last?.url).toBe('/api/v1/events?last_event_id=5')
    FakeSource.last?.say('hello', { version: 5 })
    FakeSource.last?.say('change', { version: 7, changes: [change('a', 2)] })
    FakeSource.last?.say('resync', { version: 8 })
    expect(heard).toEqual([
      { kind: 'at', version: 5 },
      { kind: 'change', since: 5, version: 7, changes: [change('a', 2)] },
      { kind: 'resync', version: 8 },
    ])
    stop()
    expect(FakeSource.last?.readyState).toBe(FakeSource.CLOSED)
  })

  test('leaves it to the browser to mend what broke', () => {
    start()
    FakeSource.last?.fail(0)
    vi.advanceTimersByTime(600_000)
    expect(FakeSource.all).toHaveLength(1)
    expect(refused).not.toHaveBeenCalled()
  })

  test('asks less and less often who refuses, and from where it stands', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const stop = start()
    for (const pause of [2_000, 4_000, 8_000]) {
      FakeSource.last?.fail(FakeSource.CLOSED)
      const before = FakeSource.all.length
      vi.advanceTimersByTime(pause - 1)
      expect(FakeSource.all).toHaveLength(before)
      known = 6
      vi.advanceTimersByTime(1)
      expect(FakeSource.all).toHaveLength(before + 1)
    }
    expect(refused).toHaveBeenCalledTimes(3)
    expect(FakeSource.last?.url).toBe('/api/v1/events?last_event_id=6')
    stop()
    vi.advanceTimersByTime(600_000)
    expect(FakeSource.all).toHaveLength(4)
  })

  test('does not come again at once when it was shut out', () => {
    start()
    FakeSource.last?.say('end', { reason: 'unauthenticated' })
    expect(heard).toEqual([{ kind: 'end' }])
    expect(FakeSource.last?.readyState).toBe(FakeSource.CLOSED)
    expect(FakeSource.all).toHaveLength(1)
  })
})

/** Locks as browsers have them: one holds, the others wait for their turn. */
function fakeLocks() {
  let queue = Promise.resolve()
  return {
    request(_: string, { signal }: { signal: AbortSignal }, hold: () => Promise<void>) {
      const turn = queue.then(() => (signal.aborted ? Promise.reject(new Error('left')) : hold()))
      queue = turn.catch(() => {})
      return turn
    },
  }
}

/** Channels as browsers have them: everybody hears what others say. */
class FakeChannel extends EventTarget {
  static open = new Set<FakeChannel>()
  constructor() {
    super()
    FakeChannel.open.add(this)
  }
  postMessage(data: unknown) {
    for (const other of FakeChannel.open) {
      if (other !== this) other.dispatchEvent(new MessageEvent('message', { data }))
    }
  }
  close() {
    FakeChannel.open.delete(this)
  }
}

describe('several tabs', () => {
  interface FakeTab {
    known: number
    heard: Message[]
    say: ((message: Message) => void) | undefined
    leave: () => void
  }
  const turn = () => vi.advanceTimersByTimeAsync(0)
  async function open(known: number): Promise<FakeTab> {
    const tab: FakeTab = { known, heard: [], say: undefined, leave: () => {} }
    tab.leave = share({
      known: () => tab.known,
      hear: (message) => tab.heard.push(message),
      listen(hear) {
        tab.say = hear
        return () => (tab.say = undefined)
      },
    })
    await turn()
    return tab
  }

  beforeEach(() => {
    vi.stubGlobal('navigator', { locks: fakeLocks() })
    vi.stubGlobal('BroadcastChannel', FakeChannel)
    FakeChannel.open.clear()
  })

  test('one listens and tells all', async () => {
    const tabs = [await open(5), await open(5), await open(5)]
    expect(tabs.map((tab) => tab.say !== undefined)).toEqual([true, false, false])
    const message: Message = { kind: 'resync', version: 6 }
    tabs[0]?.say?.(message)
    for (const tab of tabs) expect(tab.heard).toContainEqual(message)
  })

  test('who comes later learns where things stand', async () => {
    await open(7)
    const late = await open(5)
    expect(late.heard).toEqual([{ kind: 'at', version: 7 }])
  })

  test('when the one that listens is closed, another takes over', async () => {
    const [first, second] = [await open(5), await open(5)]
    first.leave()
    expect(first.say).toBeUndefined()
    await turn()
    expect(second.say).toBeDefined()
    second.leave()
    const third = await open(5)
    expect(third.say).toBeDefined()
  })

  test('each listens where a browser cannot share', async () => {
    vi.stubGlobal('navigator', {})
    const tabs = [await open(5), await open(5)]
    expect(tabs.every((tab) => tab.say !== undefined)).toBe(true)
    for (const tab of tabs) tab.leave()
    expect(tabs.some((tab) => tab.say !== undefined)).toBe(false)
  })
})

describe('asking anew', () => {
  const asked = new Map<string, number>()
  const count = (name: string) => asked.get(name) ?? 0
  let unwatch: (() => void)[] = []
  let slowness = 0
  let refresh: ReturnType<typeof createRefresh>

  /** Something the page shows. */
  function watch(name: string, queryKey: readonly unknown[], data: unknown = name) {
    const observer = new QueryObserver(queryClient, {
      queryKey,
      staleTime: Infinity,
      initialData: data,
      queryFn: () => {
        asked.set(name, count(name) + 1)
        return new Promise((resolve) => setTimeout(() => resolve(data), slowness))
      },
    })
    unwatch.push(observer.subscribe(() => {}))
  }

  beforeEach(() => {
    queryClient.setQueryData(accountQuery.queryKey, null)
    asked.clear()
    slowness = 0
    watch('list', ['tasks', {}], makePages([]))
    watch('a', taskQuery('a').queryKey)
    watch('b', taskQuery('b').queryKey)
    watch('labels', labelsQuery.queryKey)
    watch('figures', statisticsQuery.queryKey)
    watch('sessions', ['sessions'])
    watch('servers', ['admin', 'database'])
    refresh = createRefresh()
  })
  afterEach(() => {
    refresh.stop()
    for (const stop of unwatch) stop()
    unwatch = []
  })

  test('asks for what changed, once, and not for anything else', async () => {
    refresh.refresh([change('a', 2)])
    refresh.refresh([change('a', 3)])
    await vi.advanceTimersByTimeAsync(100)
    expect(Object.fromEntries(asked)).toEqual({ list: 1, a: 1, labels: 1, figures: 1 })
  })

  test('asks for everything of the person when it is not known what changed', async () => {
    refresh.refresh('everything')
    await vi.advanceTimersByTimeAsync(100)
    for (const name of ['list', 'a', 'b', 'labels', 'figures', 'sessions']) expect(count(name)).toBe(1)
    expect(count('servers')).toBe(0)
  })

  test('stays calm while there are ever more changes', async () => {
    for (let version = 1; version <= 100; version++) {
      refresh.refresh([change('a', version)])
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(count('list')).toBeGreaterThan(2)
    expect(count('list')).toBeLessThan(6)
    await vi.advanceTimersByTimeAsync(5_000)
    const last = count('list')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(count('list')).toBe(last)
  })

  test('does not ask for what this page changed itself, and waits for the answer to know that', async () => {
    let answerNow: (response: Response) => void = () => {}
    vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => (answerNow = resolve)))
    queryClient.setQueryData(taskQuery('own').queryKey, makeTask({ id: 'own' }))
    const done = edit([{ id: 'own', change: { priority: 'high' } }])
    // The news comes before the answer.
    await vi.advanceTimersByTimeAsync(10)
    refresh.refresh([change('own', 2)])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(count('list')).toBe(0)
    answerNow(
      new Response(JSON.stringify(makeTask({ id: 'own', priority: 'high', version: 2 })), {
        headers: { 'Content-Type': 'application/json' },
      }),
    )
    await done
    await vi.advanceTimersByTimeAsync(1_000)
    expect(count('list')).toBe(0)
    refresh.refresh([change('own', 3)])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(count('list')).toBe(1)
  })

  test('asks again when a change of this page came in between', async () => {
    slowness = 1_000
    refresh.refresh([change('a', 2)])
    await vi.advanceTimersByTimeAsync(500)
    expect(count('list')).toBe(1)
    const cache = queryClient.getMutationCache()
    await cache.build(queryClient, { mutationFn: () => Promise.resolve() }).execute(undefined)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(count('list')).toBe(2)
  })

  test('a page that nobody looks at waits until somebody does', async () => {
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    refresh.refresh([change('a', 2)])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(count('list')).toBe(0)
    expect(queryClient.getQueryState(['tasks', {}])?.isInvalidated).toBe(true)
  })
})
