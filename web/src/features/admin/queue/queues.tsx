import { useQuery } from '@tanstack/react-query'
import type { JobMeasure, Queues } from '#api/types.ts'
import { Link } from '@tanstack/react-router'
import { Figure, Figures } from '#ui/figures.tsx'
import { ErrorState, Waiting } from '#ui/states.tsx'
import { Outdated } from '../alarm.tsx'
import { sayCount, sayTotal } from '../words.ts'
import { BalanceSection } from './balance.tsx'
import { PausedKinds } from './pauses.tsx'
import { measuresQuery, queuesQuery } from './queries.ts'
import { sayPace, summarise } from './summary.ts'
import { Warnings } from './warnings.tsx'
import { sayRoughly } from './words.ts'
import { WorkersSection } from './workers.tsx'
import { WorkloadSection } from './workload.tsx'

const NONE: JobMeasure[] = []

export function QueuesPage() {
  const { data, isError, error, refetch, dataUpdatedAt } = useQuery(queuesQuery)
  const measures = useQuery(measuresQuery('1h'))
  if (!data) {
    return isError ? <ErrorState error={error} retry={() => void refetch()} /> : <Waiting what="the queues" />
  }
  return (
    <>
      {isError ? <Outdated error={error} since={dataUpdatedAt} /> : null}
      <Warnings data={data} />
      <Headline data={data} measures={measures.data?.data ?? NONE} now={dataUpdatedAt} />
      <WorkloadSection queues={data.queues} now={dataUpdatedAt} />
      {data.balance ? <BalanceSection balance={data.balance} now={dataUpdatedAt} /> : null}
      <PausedKinds data={data} />
      <WorkersSection workers={data.workers} now={dataUpdatedAt} />
    </>
  )
}

function Headline({ data, measures, now }: { data: Queues; measures: JobMeasure[]; now: number }) {
  const { perMinute, done, failed, waiting, busy, slots, workers } = summarise(data, measures, now)
  return (
    <Figures columns={3}>
      <Figure name="Jobs per minute" note="over the last five" value={sayPace(perMinute)} />
      <Figure name="Done" note="in the past hour" value={sayTotal(done)} />
      <Figure
        name="Failed for good"
        note="in the past hour"
        urgent={failed > 0}
        value={
          failed > 0 ? (
            <Link to="/admin/failures" className="underline-offset-4 hover:underline">
              {sayTotal(failed)}
            </Link>
          ) : (
            0
          )
        }
      />
      <Figure
        name="Longest wait"
        note={waiting ? `now, in ${waiting.queue}` : 'nothing waits'}
        value={waiting ? sayRoughly(waiting.since, now) : '0 s'}
      />
      <Figure
        name="Slots at work"
        note={`of ${sayCount(slots)}, each runs a job at a time`}
        value={sayCount(busy)}
      />
      <Figure
        name={workers === 1 ? 'Worker' : 'Workers'}
        note="heard of within a minute"
        urgent={workers === 0}
        value={sayCount(workers)}
      />
    </Figures>
  )
}
