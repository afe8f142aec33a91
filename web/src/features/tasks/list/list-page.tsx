import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { CircleCheckBig } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useMemo } from 'react'
import { statisticsQuery, tasksQuery } from '#api/queries.ts'
import type { TaskFilter } from '#api/task-filter.ts'
import { longDay } from '#lib/dates.ts'
import { useStore } from '#lib/store.ts'
import { useToday } from '#lib/use-today.ts'
import { PageHeader } from '#ui/page.tsx'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { Composer } from '../quick-add/composer.tsx'
import { clearSelection, selection } from '../selection.ts'
import { FilterBar } from './filter-bar.tsx'
import { layOut } from './groups.ts'
import { emptyWords, titleOf } from './heading.ts'
import { TaskList } from './task-list.tsx'

const BulkBar = lazy(() => import('./bulk-bar.tsx'))

/** The list: the tasks a filter shows, with everything that can be done to them. */
export function ListPage({ filter }: { filter: TaskFilter }) {
  const today = useToday()
  const list = useInfiniteQuery(tasksQuery(filter))
  const { task: openedId } = useSearch({ strict: false })
  const tasks = useMemo(() => list.data?.pages.flatMap((page) => page.data) ?? [], [list.data])
  const lines = useMemo(() => layOut(tasks, filter, today), [tasks, filter, today])
  const title = titleOf(filter)
  const chosen = useStore(selection).ids.size

  useEffect(() => clearSelection, [filter])

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const onEndNear = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])

  const words = emptyWords(filter)
  return (
    <>
      <TaskList
        key={JSON.stringify(filter)}
        label={title}
        lines={lines}
        today={today}
        openedId={openedId}
        hiddenLabel={filter.label}
        onEndNear={onEndNear}
        header={
          <div className="grid grid-cols-[minmax(0,1fr)] gap-3 px-2 pt-3 md:pt-7 md:pl-8">
            <PageHeader title={title} note={<Note filter={filter} today={today} />} />
            <FilterBar filter={filter} />
            {filter.status === 'completed' ? null : <Composer filter={filter} today={today} />}
          </div>
        }
        footer={
          list.isError && tasks.length === 0 ? (
            <ErrorState error={list.error} retry={() => void list.refetch()} />
          ) : list.isPending ? (
            <Waiting what="your tasks" />
          ) : tasks.length === 0 ? (
            <EmptyState icon={<CircleCheckBig size={32} strokeWidth={1.5} aria-hidden />} title={words.title}>
              {words.text}
            </EmptyState>
          ) : null
        }
      />
      <Suspense>{chosen > 0 ? <BulkBar /> : null}</Suspense>
    </>
  )
}

function Note({ filter, today }: { filter: TaskFilter; today: string }) {
  const { data } = useQuery(statisticsQuery)
  const overdue = data?.overdue ?? 0
  if (filter.due === 'today' || Object.keys(filter).length === 0) {
    return (
      <>
        {longDay(today)}
        {overdue > 0 && filter.due === 'today' ? (
          <>
            {' · '}
            <Link to="/" search={{ due: 'overdue' }} className="text-danger underline underline-offset-2">
              {overdue} overdue
            </Link>
          </>
        ) : null}
      </>
    )
  }
  if (filter.due === 'week') return 'The next seven days'
  return null
}
