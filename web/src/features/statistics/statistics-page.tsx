import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { statisticsQuery } from '#api/queries.ts'
import { STATUS_NAMES, STATUSES, type Statistics, type Status } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { Figure, Figures } from '#ui/figures.tsx'
import { PageHeader, ScrollPage } from '#ui/page.tsx'
import { ErrorState, Waiting } from '#ui/states.tsx'
import { DayChart } from './day-chart.tsx'

export function StatisticsPage() {
  const { data, isError, error, refetch } = useQuery(statisticsQuery)
  return (
    <ScrollPage wide>
      <PageHeader title="Statistics" note="The last thirty days, in your time zone." />
      {data ? (
        <Totals data={data} />
      ) : isError ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Waiting what="your statistics" />
      )}
    </ScrollPage>
  )
}

function Totals({ data }: { data: Statistics }) {
  return (
    <>
      <Figures columns={5}>
        <Figure name="Open" value={data.open} />
        <Figure
          name="Overdue"
          urgent={data.overdue > 0}
          value={
            data.overdue > 0 ? (
              <Link to="/" search={{ due: 'overdue' }} className="underline-offset-4 hover:underline">
                {data.overdue}
              </Link>
            ) : (
              0
            )
          }
        />
        <Figure name="Done today" value={data.completed_today} />
        <Figure name="Done in 7 days" value={data.completed_7_days} />
        <Figure name="Done in 30 days" value={data.completed_30_days} wide />
      </Figures>
      <DayChart days={data.per_day} />
      <StatusBar counts={data.by_status} />
    </>
  )
}

const FILLS: Record<Status, string> = {
  pending: 'bg-edge',
  in_progress: 'bg-accent',
  completed: 'bg-done',
}

function StatusBar({ counts }: { counts: Statistics['by_status'] }) {
  const total = STATUSES.reduce((sum, status) => sum + counts[status], 0)
  return (
    <section aria-labelledby="by-status" className="grid gap-3">
      <h2 id="by-status" className="text-base font-semibold">
        By status
      </h2>
      {total > 0 ? (
        <div aria-hidden className="flex h-2.5 gap-0.5 overflow-hidden rounded-full">
          {STATUSES.map((status) =>
            counts[status] > 0 ? (
              <span key={status} className={FILLS[status]} style={{ flexGrow: counts[status] }} />
            ) : null,
          )}
        </div>
      ) : null}
      <ul className="flex flex-wrap gap-x-6 gap-y-1 text-sm">
        {STATUSES.map((status) => (
          <li key={status} className="flex items-center gap-2">
            <span aria-hidden className={classes('size-2.5 rounded-full', FILLS[status])} />
            {STATUS_NAMES[status]}
            <span className="text-soft tabular-nums">{counts[status]}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
