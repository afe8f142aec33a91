import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { boot } from '#lib/boot.ts'
import { todayIn } from '#lib/dates.ts'
import { answer, api, ApiError } from './client.ts'
import { noteSeen } from './seen.ts'
import { toQuery, type TaskFilter } from './task-filter.ts'
import type { TaskPages } from './task-cache.ts'
import type { Account, ActivityList, TaskList } from './types.ts'

const FRESH_MS = 30_000
const GIVE_UP_AFTER = 2

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      // A refusal will be refused again; only an unreachable or failing server is worth asking twice.
      retry: (failures, error) =>
        failures < GIVE_UP_AFTER &&
        (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
    },
  },
})

export const accountQuery = queryOptions({
  queryKey: ['account'],
  staleTime: Infinity,
  queryFn: async (): Promise<Account | null> => {
    try {
      return await answer(api.GET('/api/v1/me'))
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null
      throw error
    }
  },
})

export const tasksQuery = (filter: TaskFilter) =>
  infiniteQueryOptions({
    queryKey: ['tasks', filter],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<TaskList> =>
      answer(
        api.GET('/api/v1/tasks', {
          params: { query: { ...toQuery(filter), limit: 50, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
  })

export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/tasks/{id}', { params: { path: { id } }, signal })),
  })

export const labelsQuery = queryOptions({
  queryKey: ['labels'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/labels', { signal })),
})

export const statisticsQuery = queryOptions({
  queryKey: ['statistics'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/statistics', { signal })),
})

export const notificationsQuery = (taskId: string) =>
  queryOptions({
    queryKey: ['notifications', taskId],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/notifications', { params: { query: { task_id: taskId } }, signal })),
  })

/** Who changed what of a task, newest first, a page at a time. */
export const activityQuery = (taskId: string) =>
  infiniteQueryOptions({
    queryKey: ['activity', taskId],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<ActivityList> =>
      answer(
        api.GET('/api/v1/tasks/{id}/activity', {
          params: { path: { id: taskId }, query: { limit: 20, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
  })

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/sessions', { signal })),
})

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/tokens', { signal })),
})

/** Puts what the server wrote into the page where the queries will look for it. */
export function seedFromBoot() {
  if (!boot) return
  noteSeen(boot.data_version)
  queryClient.setQueryData(accountQuery.queryKey, boot.account)
  if (boot.tasks) {
    queryClient.setQueryData<TaskPages>(tasksQuery({}).queryKey, { pages: [boot.tasks], pageParams: [null] })
  }
  if (boot.labels) queryClient.setQueryData(labelsQuery.queryKey, boot.labels)
}

/** The signed-in account's time zone, or the device's before anyone has signed in. */
export const accountZone = () =>
  queryClient.getQueryData<Account | null>(accountQuery.queryKey)?.time_zone ??
  Intl.DateTimeFormat().resolvedOptions().timeZone

/** Today, as the account's time zone sees it. */
export const accountToday = () => todayIn(accountZone())
