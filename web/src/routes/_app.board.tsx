import { createFileRoute } from '@tanstack/react-router'
import { queryClient, tasksQuery } from '#api/queries.ts'
import { parseFilter, type TaskFilter } from '#api/task-filter.ts'
import { STATUSES } from '#api/types.ts'
import { BoardPage } from '#features/tasks/board/board-page.tsx'

/** The columns are the statuses and the order is by date: the rest may be chosen. */
function boardFilter(search: Record<string, unknown>): TaskFilter {
  const { due, priority, label, q } = parseFilter(search)
  return Object.fromEntries(
    Object.entries({ due, priority, label, q }).filter(([, value]) => value !== undefined),
  )
}

export const Route = createFileRoute('/_app/board')({
  validateSearch: boardFilter,
  loaderDeps: ({ search }) => boardFilter({ ...search }),
  loader: ({ deps }) => {
    for (const status of STATUSES) void queryClient.prefetchInfiniteQuery(tasksQuery({ ...deps, status }))
  },
  component: Board,
})

function Board() {
  return <BoardPage filter={Route.useLoaderDeps()} />
}
