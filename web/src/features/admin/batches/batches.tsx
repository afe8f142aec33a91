import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Layers } from 'lucide-react'
import { useRef } from 'react'
import { sayError } from '#api/client.ts'
import { accountZone } from '#api/queries.ts'
import type { Batch, BatchList } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { Section } from '#ui/section.tsx'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { Alarm } from '../alarm.tsx'
import { Badge } from '../badge.tsx'
import { More } from '../queue/more.tsx'
import { batchesQuery } from '../queue/queries.ts'
import { useRows } from '../queue/use-rows.ts'
import { Progress } from './progress.tsx'
import { sayLength, sayProgress, stateOf } from './words.ts'

/** Jobs that were pushed together, newest first. */
export function BatchesPage() {
  const list = useInfiniteQuery(batchesQuery)
  if (list.isPending) return <Waiting what="the batches" />
  if (list.isError && !list.data) return <ErrorState error={list.error} retry={() => void list.refetch()} />
  const batches = list.data.pages.flatMap((page) => page.data)
  return (
    <>
      {list.isError ? <Alarm>{sayError(list.error)}. This is how it was before.</Alarm> : null}
      {batches.length === 0 ? (
        <EmptyState icon={<Layers size={28} aria-hidden />} title="No batches">
          Jobs that are pushed together, and how far they have come, are shown here.
        </EmptyState>
      ) : (
        <Shown batches={batches} list={list} />
      )}
    </>
  )
}

interface ShownProps {
  batches: Batch[]
  list: UseInfiniteQueryResult<InfiniteData<BatchList>>
}

function Shown({ batches, list }: ShownProps) {
  const root = useRef<HTMLUListElement>(null)
  useRows(
    root,
    batches.map(({ id }) => id),
  )
  return (
    <Section title="Batches" note="Jobs that were pushed together, newest first.">
      <ul ref={root} aria-label="Batches" className="grid grid-cols-[minmax(0,1fr)]">
        {batches.map((batch) => (
          <Row key={batch.id} batch={batch} now={list.dataUpdatedAt} />
        ))}
      </ul>
      <More list={list} />
    </Section>
  )
}

function Row({ batch, now }: { batch: Batch; now: number }) {
  const { id, name, created_at: created, ended_at: ended } = batch
  return (
    <li
      data-row={id}
      className="grid grid-cols-[minmax(0,1fr)] gap-x-6 gap-y-1.5 border-b border-line py-3 last:border-0 md:grid-cols-[minmax(0,1fr)_18rem_9rem]"
    >
      <p className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
        <Link
          to="/admin/queues/batches/$id"
          params={{ id }}
          className="text-base font-medium underline-offset-4 [overflow-wrap:anywhere] hover:underline"
        >
          {name}
        </Link>
        <Badge text={stateOf(batch)} />
      </p>
      <div className="grid content-start gap-1 md:pt-1.5">
        <Progress batch={batch} />
        <p className="text-xs text-soft tabular-nums">{sayProgress(batch)}</p>
      </div>
      <p className="text-sm text-soft tabular-nums md:text-right">
        <time dateTime={created} title={sayMoment(created, accountZone())}>
          {sayAgo(created, now)}
        </time>
        <span className="md:block">
          <span className="md:hidden">, </span>
          {ended ? 'took ' : 'runs for '}
          {sayLength(batch, now)}
        </span>
      </p>
    </li>
  )
}
