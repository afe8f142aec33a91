import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { answer, api } from '#api/client.ts'
import type { BatchList, ChosenJobs, JobActions, JobList, ReceiptList } from '#api/types.ts'
import type { ReceiptFilter } from '../receipts/receipt-filter.ts'
import { isOver, toQuery, type Deed, type JobFilter } from './job-filter.ts'
import type { Range } from './series.ts'

const OFTEN_MS = 2000
const SOMETIMES_MS = 10_000
/** Everything below is asked anew after an operator did something. */
const QUEUE_KEY = ['admin', 'queue'] as const

export const queueQueries = { queryKey: QUEUE_KEY }

/** Asked again and again while the page can be seen. */
export const queuesQuery = queryOptions({
  queryKey: [...QUEUE_KEY, 'queues'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/admin/queues', { signal })),
  staleTime: 0,
  refetchInterval: OFTEN_MS,
})

/** The same as it was when it was asked last: for names, which change seldom. */
export const knownQueuesQuery = queryOptions({ ...queuesQuery, staleTime: 60_000, refetchInterval: false })

export const measuresQuery = (range: Range) =>
  queryOptions({
    queryKey: [...QUEUE_KEY, 'measures', range],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/admin/queues/measures', { params: { query: { range } }, signal })),
    staleTime: 0,
    refetchInterval: SOMETIMES_MS,
  })

export const jobsQuery = (filter: JobFilter) =>
  infiniteQueryOptions({
    queryKey: [...QUEUE_KEY, 'jobs', filter],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<JobList> =>
      answer(
        api.GET('/api/v1/admin/jobs', {
          params: { query: { ...toQuery(filter), limit: 50, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 0,
    // Somebody who has gone further down reads: what they read stays where it is.
    refetchInterval: ({ state: { data } }) => (data?.pages.length === 1 ? OFTEN_MS : false),
  })

/** How many jobs would be changed. */
export const countQuery = (action: Deed, jobs: ChosenJobs) =>
  queryOptions({
    queryKey: [...QUEUE_KEY, 'count', action, jobs],
    queryFn: ({ signal }) => answer(api.POST('/api/v1/admin/jobs/count', { body: { action, jobs }, signal })),
    staleTime: 0,
    gcTime: 0,
  })

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: [...QUEUE_KEY, 'job', id],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/admin/jobs/{id}', { params: { path: { id } }, signal })),
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => (data && isOver(data.state) ? false : OFTEN_MS),
  })

export const savedFiltersQuery = queryOptions({
  queryKey: [...QUEUE_KEY, 'filters'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/admin/job-filters', { signal })),
  staleTime: 60_000,
})

export const tagsQuery = queryOptions({
  queryKey: [...QUEUE_KEY, 'tags'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/admin/job-tags', { signal })),
  staleTime: 0,
  refetchInterval: SOMETIMES_MS,
})

export const failuresQuery = queryOptions({
  queryKey: [...QUEUE_KEY, 'failures'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/admin/job-failures', { signal })),
  staleTime: 0,
  refetchInterval: SOMETIMES_MS,
})

export const actionsQuery = infiniteQueryOptions({
  queryKey: [...QUEUE_KEY, 'actions'],
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }): Promise<JobActions> =>
    answer(
      api.GET('/api/v1/admin/queues/actions', {
        params: { query: { limit: 50, cursor: pageParam ?? undefined } },
        signal,
      }),
    ),
  getNextPageParam: (page) => page.next_cursor,
  staleTime: 0,
})

export const schedulesQuery = queryOptions({
  queryKey: [...QUEUE_KEY, 'schedules'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/admin/schedules', { signal })),
  staleTime: 0,
  refetchInterval: OFTEN_MS,
})

/** Asked again while one of them runs; somebody who has gone further down reads. */
export const batchesQuery = infiniteQueryOptions({
  queryKey: [...QUEUE_KEY, 'batches'],
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }): Promise<BatchList> =>
    answer(
      api.GET('/api/v1/admin/batches', {
        params: { query: { limit: 50, cursor: pageParam ?? undefined } },
        signal,
      }),
    ),
  getNextPageParam: (page) => page.next_cursor,
  staleTime: 0,
  refetchInterval: ({ state: { data } }) => {
    if (data && data.pages.length > 1) return false
    return data?.pages[0]?.data.some(({ state }) => state === 'running') ? OFTEN_MS : SOMETIMES_MS
  },
})

export const batchQuery = (id: string) =>
  queryOptions({
    queryKey: [...QUEUE_KEY, 'batch', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/admin/batches/{id}', { params: { path: { id } }, signal })),
    staleTime: 0,
    // Jobs that failed can be retried: what has ended may run again.
    refetchInterval: ({ state: { data } }) => (data?.state === 'running' ? OFTEN_MS : SOMETIMES_MS),
  })

export const receiptsQuery = (filter: ReceiptFilter) =>
  infiniteQueryOptions({
    queryKey: [...QUEUE_KEY, 'receipts', filter],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<ReceiptList> =>
      answer(
        api.GET('/api/v1/admin/receipts', {
          params: { query: { ...filter, limit: 50, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => (data?.pages.length === 1 ? SOMETIMES_MS : false),
  })

export const balanceSettingsQuery = queryOptions({
  queryKey: [...QUEUE_KEY, 'settings'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/admin/queues/settings', { signal })),
  staleTime: 0,
  refetchInterval: SOMETIMES_MS,
})
