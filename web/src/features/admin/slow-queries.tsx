import { useQuery } from '@tanstack/react-query'
import { Zap } from 'lucide-react'
import { accountZone } from '#api/queries.ts'
import type { SlowQueries, SlowStatement } from '#api/types.ts'
import { sayMoment } from '#lib/dates.ts'
import { Button } from '#ui/button.tsx'
import { Section } from '#ui/section.tsx'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { slowQueriesQuery } from './queries.ts'
import { SlowQueryTable } from './slow-query-table.tsx'
import { sayDuration } from './words.ts'

export function SlowQueriesPage() {
  const { data, isError, error, isFetching, refetch } = useQuery(slowQueriesQuery)
  if (isError) return <ErrorState error={error} retry={() => void refetch()} />
  if (!data) return <Waiting what="the slow queries" />
  const since = `since the start, ${sayMoment(data.since, accountZone())}`
  if (data.data.length === 0) {
    return (
      <EmptyState
        icon={<Zap size={28} aria-hidden />}
        title={`Nothing was slower than ${sayDuration(data.threshold_us)} since the start`}
      >
        Duly was started {sayMoment(data.since, accountZone())}. The setting database.slow_query says what is
        slow.
      </EmptyState>
    )
  }
  return (
    <>
      <Section
        title="By statement"
        note={`What took ${sayDuration(data.threshold_us)} or longer ${since}. The one that cost the most time is first.`}
        actions={
          <Button busy={isFetching} onClick={() => void refetch()}>
            Refresh
          </Button>
        }
      >
        <SlowQueryTable queries={data.data} />
        {data.forgotten > 0 ? (
          <p className="text-sm text-soft">
            {data.forgotten} more that cost the least were dropped: only so many are kept.
          </p>
        ) : null}
      </Section>
      <Recent recent={data.recent} />
    </>
  )
}

/** The last ones, so that a moment of trouble can be told apart from a statement that is always slow. */
function Recent({ recent }: { recent: SlowQueries['recent'] }) {
  return (
    <Section title="One by one" note="The last ones, newest first.">
      <ol className="grid grid-cols-[minmax(0,1fr)]">
        {recent.map((statement, index) => (
          <RecentItem key={`${statement.sample.at} ${index}`} statement={statement} />
        ))}
      </ol>
    </Section>
  )
}

function RecentItem({ statement: { text, sample } }: { statement: SlowStatement }) {
  return (
    <li className="grid gap-1 border-b border-line py-2.5 last:border-0">
      <p className="flex flex-wrap gap-x-4 gap-y-0.5 text-sm tabular-nums">
        <time dateTime={sample.at}>{sayMoment(sample.at, accountZone())}</time>
        <span className="font-medium">{sayDuration(sample.duration_us)}</span>
        <span className="text-soft">{sample.target}</span>
        <span className="text-soft [overflow-wrap:anywhere]">{sample.caller}</span>
      </p>
      <code className="truncate font-mono text-xs text-soft">{text}</code>
    </li>
  )
}
