import { createFileRoute } from '@tanstack/react-router'
import { queryClient, tasksQuery } from '#api/queries.ts'
import { parseFilter } from '#api/task-filter.ts'
import { ListPage } from '#features/tasks/list/list-page.tsx'

export const Route = createFileRoute('/_app/')({
  validateSearch: parseFilter,
  loaderDeps: ({ search }) => parseFilter({ ...search }),
  loader: ({ deps }) => void queryClient.prefetchInfiniteQuery(tasksQuery(deps)),
  component: List,
})

function List() {
  return <ListPage filter={Route.useLoaderDeps()} />
}
