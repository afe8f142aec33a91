import type { QueryKey } from '@tanstack/react-query'
import {
  accountQuery,
  activityQuery,
  labelsQuery,
  notificationsQuery,
  queryClient,
  sessionsQuery,
  statisticsQuery,
  taskQuery,
  tokensQuery,
} from '../queries.ts'
import { hasPlaced } from '../task-actions.ts'
import type { Change } from '../types.ts'
import type { Stale } from './messages.ts'

/** Changes that come together are asked for together … */
const SETTLE_MS = 60
/** … and while there are ever more, no more often than this. */
const PAUSE_MS = 3_000

const TASKS: QueryKey = ['tasks']

/** Whatever is the person's own, wherever it is shown. */
const EVERYTHING: QueryKey[] = [
  accountQuery.queryKey,
  TASKS,
  ['task'],
  labelsQuery.queryKey,
  statisticsQuery.queryKey,
  ['notifications'],
  ['activity'],
  sessionsQuery.queryKey,
  tokensQuery.queryKey,
]

const keysOf = (changes: Change[]): QueryKey[] => [
  TASKS,
  labelsQuery.queryKey,
  statisticsQuery.queryKey,
  ...[...new Set(changes.map(({ id }) => id))].flatMap((id) => [
    taskQuery(id).queryKey,
    activityQuery(id).queryKey,
    notificationsQuery(id).queryKey,
  ]),
]

/** Whether it is this page that made the change, and shows it. */
const isOwn = ({ id, version }: Change) => version !== null && hasPlaced(id, version)

/**
 * Asks anew for what has become stale, of what is shown. What a person is changing right now goes
 * first: an answer from before it would take it away from under their eyes.
 */
export function createRefresh() {
  let waiting: Stale = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0
  let changesMade = 0
  const cache = queryClient.getMutationCache()
  const unsubscribe = cache.subscribe((event) => {
    if (event.type === 'added') changesMade++
    else if (event.type === 'updated' && isWaiting()) soon()
  })
  const isWaiting = () => waiting === 'everything' || waiting.length > 0

  function soon() {
    timer ??= setTimeout(() => void ask(), Math.max(SETTLE_MS, asked + PAUSE_MS - Date.now()))
  }

  async function ask() {
    timer = undefined
    if (queryClient.isMutating() > 0) return
    const stale = waiting === 'everything' ? waiting : waiting.filter((change) => !isOwn(change))
    waiting = []
    if (stale.length === 0) return
    asked = Date.now()
    const before = changesMade
    const keys = stale === 'everything' ? EVERYTHING : keysOf(stale)
    // A page that nobody looks at asks when somebody does.
    const refetchType = document.visibilityState === 'hidden' ? 'none' : 'active'
    await Promise.all(keys.map((queryKey) => queryClient.invalidateQueries({ queryKey, refetchType })))
    // A change that was begun meanwhile has called off what was asked for, or was not in it.
    if (changesMade !== before) refresh(stale)
  }

  function refresh(stale: Stale) {
    if (stale.length === 0) return
    waiting = stale === 'everything' || waiting === 'everything' ? 'everything' : [...waiting, ...stale]
    soon()
  }

  return {
    refresh,
    stop() {
      clearTimeout(timer)
      unsubscribe()
    },
  }
}
