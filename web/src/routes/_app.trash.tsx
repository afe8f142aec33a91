import { createFileRoute } from '@tanstack/react-router'
import { queryClient, tasksQuery } from '#api/queries.ts'
import { TrashPage } from '#features/tasks/trash/trash-page.tsx'

export const Route = createFileRoute('/_app/trash')({
  loader: () => void queryClient.prefetchInfiniteQuery(tasksQuery({ trash: true })),
  component: TrashPage,
})
