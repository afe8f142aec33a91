import { useRef } from 'react'
import { accountZone } from '#api/queries.ts'
import type { Replica } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { FADING, useEdges } from '#ui/edges.ts'
import { Badge } from './badge.tsx'
import { REPLICA_STATES, sayCount, sayDuration, sayShare } from './words.ts'

const NUMBER = 'py-3 pl-4 text-right align-top tabular-nums whitespace-nowrap'
const HEAD = 'py-2 pl-4 text-right text-xs font-medium whitespace-nowrap text-soft'

/** What each replica does. Scrolls sideways where it does not fit, by keyboard, too. */
export function ReplicaTable({ replicas }: { replicas: Replica[] }) {
  const place = useRef<HTMLDivElement>(null)
  const more = useEdges(place)
  return (
    <div
      ref={place}
      data-more={more}
      role="region"
      aria-label="What each replica does"
      tabIndex={0}
      className={classes('relative -mx-1 overflow-x-auto px-1', FADING)}
    >
      <table className="w-full text-sm">
        <thead>
          <tr className="border-b border-line">
            <th scope="col" className="py-2 text-left text-xs font-medium text-soft">
              Replica
            </th>
            <th scope="col" className="py-2 pl-4 text-left text-xs font-medium whitespace-nowrap text-soft">
              Share in the last minute
            </th>
            {['Behind', 'Round trip', 'In flight', 'Answered', 'Too old', 'Taken out'].map((name) => (
              <th key={name} scope="col" className={HEAD}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {replicas.map((replica) => (
            <Row key={replica.name} replica={replica} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ replica }: { replica: Replica }) {
  const { last_eviction: eviction } = replica
  return (
    <tr className="border-b border-line last:border-0">
      <th scope="row" className="min-w-44 py-3 text-left align-top font-normal">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium">{replica.name}</span>
          <Badge text={REPLICA_STATES[replica.state]} />
        </span>
        {eviction ? (
          <span className="mt-1 block max-w-80 text-xs text-soft">
            Last taken out{' '}
            <time dateTime={eviction.at} title={sayMoment(eviction.at, accountZone())}>
              {sayAgo(eviction.at)}
            </time>
            : {eviction.reason}
          </span>
        ) : null}
      </th>
      <td className="py-3 pl-4 align-top">
        <Share of={replica.share} />
      </td>
      <td className={NUMBER}>{replica.lag_ms === null ? 'unknown' : sayDuration(replica.lag_ms * 1000)}</td>
      <td className={NUMBER}>
        {replica.round_trip_us === null ? 'unknown' : sayDuration(replica.round_trip_us)}
      </td>
      <td className={NUMBER}>{sayCount(replica.in_flight)}</td>
      <td className={NUMBER}>{sayCount(replica.served)}</td>
      <td className={NUMBER}>{sayCount(replica.rejected)}</td>
      <td className={NUMBER}>{sayCount(replica.evictions)}</td>
    </tr>
  )
}

function Share({ of: share }: { of: number }) {
  const text = sayShare(share)
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden className="h-2 w-24 overflow-hidden rounded-full bg-line">
        <span className="block h-full bg-accent" style={{ width: text }} />
      </span>
      <span className="tabular-nums">{text}</span>
    </span>
  )
}
