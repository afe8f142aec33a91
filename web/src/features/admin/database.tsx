import { useQuery } from '@tanstack/react-query'
import { accountZone } from '#api/queries.ts'
import type { DatabaseStatus } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { Figure, Figures } from '#ui/figures.tsx'
import { Section } from '#ui/section.tsx'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { Outdated } from './alarm.tsx'
import { Badge } from './badge.tsx'
import { databaseQuery } from './queries.ts'
import { ReplicaTable } from './replica-table.tsx'
import { ENGINES, PRIMARY_STATES, sayCount, sayDuration, sayTotal } from './words.ts'

export function DatabasePage() {
  const { data, isError, error, refetch, dataUpdatedAt } = useQuery(databaseQuery)
  if (!data) {
    return isError ? (
      <ErrorState error={error} retry={() => void refetch()} />
    ) : (
      <Waiting what="the state of the database" />
    )
  }
  return (
    <>
      {isError ? <Outdated error={error} since={dataUpdatedAt} /> : null}
      <PrimarySection data={data} />
      <PoolSection pool={data.pool} />
      <ReadsSection data={data} />
    </>
  )
}

function PrimarySection({ data: { engine, version, primary } }: { data: DatabaseStatus }) {
  return (
    <Section
      title="Primary"
      note={`${ENGINES[engine]} ${version}. Every change goes to it.`}
      actions={<Badge text={PRIMARY_STATES[primary.state]} />}
    >
      <p className="text-base">
        Since <time dateTime={primary.since}>{sayMoment(primary.since, accountZone())}</time>,{' '}
        {sayAgo(primary.since)}
        {primary.last_error ? (
          <span className="text-soft">. The last failure: {primary.last_error}</span>
        ) : null}
      </p>
    </Section>
  )
}

function PoolSection({ pool }: { pool: DatabaseStatus['pool'] }) {
  const { acquire_wait_us_p50: half, acquire_wait_us_p99: most } = pool
  return (
    <Section
      title="Connections"
      note={
        half !== null && most !== null
          ? `Half of the requests for one waited at most ${sayDuration(half)}, 99 of 100 at most ${sayDuration(most)}.`
          : undefined
      }
    >
      <Figures columns={4}>
        <Figure name="In use" value={sayCount(pool.in_use)} />
        <Figure name="Idle" value={sayCount(pool.idle)} />
        <Figure name="At most" value={sayCount(pool.max)} />
        <Figure name="Waiting for one" value={sayCount(pool.waiting)} urgent={pool.waiting > 0} />
      </Figures>
    </Section>
  )
}

function ReadsSection({ data: { engine, reads, replicas } }: { data: DatabaseStatus }) {
  return (
    <Section title="Replicas" note="They answer reads whenever they are not behind.">
      {replicas.length > 0 ? (
        <>
          <Figures columns={3}>
            <Figure name="Reads by replicas" value={sayTotal(reads.replica)} />
            <Figure name="Reads by the primary" value={sayTotal(reads.primary)} />
            <Figure
              wide
              name="Refused to spare the primary"
              value={sayTotal(reads.primary_capped)}
              urgent={reads.primary_capped > 0}
            />
          </Figures>
          <ReplicaTable replicas={replicas} />
        </>
      ) : (
        <EmptyState title="There are no replicas">
          {engine === 'sqlite'
            ? `SQLite has none. It has answered ${sayCount(reads.primary)} reads since the start.`
            : `Name them in the setting database.replicas. The primary has answered ${sayCount(reads.primary)} reads since the start.`}
        </EmptyState>
      )}
    </Section>
  )
}
