import { createFileRoute } from '@tanstack/react-router'
import { queryClient, statisticsQuery } from '#api/queries.ts'
import { StatisticsPage } from '#features/statistics/statistics-page.tsx'

export const Route = createFileRoute('/_app/statistics')({
  loader: () => void queryClient.prefetchQuery(statisticsQuery),
  component: StatisticsPage,
})
