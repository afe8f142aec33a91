import { queryOptions } from '@tanstack/react-query'
import { answer, api } from '#api/client.ts'

const EVERY_MS = 2000

/** Asked again and again while the page can be seen. */
export const databaseQuery = queryOptions({
  queryKey: ['admin', 'database'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/admin/database', { signal })),
  staleTime: 0,
  refetchInterval: EVERY_MS,
})

export const cacheQuery = queryOptions({
  queryKey: ['admin', 'cache'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/admin/cache', { signal })),
  staleTime: 0,
  refetchInterval: EVERY_MS,
})

export const slowQueriesQuery = queryOptions({
  queryKey: ['admin', 'slow-queries'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/admin/slow-queries', { signal })),
  staleTime: 0,
})

/** How the database would run the slowest statement of a text, at this moment. */
export const planQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'plan', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/admin/slow-queries/{id}/plan', { params: { path: { id } }, signal })),
    staleTime: 0,
    gcTime: 0,
  })
