import { useQuery } from '@tanstack/react-query'
import { accountZone } from '#api/queries.ts'
import type { CacheStatus } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { Figure, Figures } from '#ui/figures.tsx'
import { Section } from '#ui/section.tsx'
import { ErrorState, Waiting } from '#ui/states.tsx'
import { Alarm, Outdated } from './alarm.tsx'
import { CacheStore, LookUps } from './cache-store.tsx'
import { cacheQuery } from './queries.ts'
import { sayBytes, sayRate, sayShare, sayTotal } from './words.ts'

export function CachePage() {
  const { data, isError, error, refetch, dataUpdatedAt } = useQuery(cacheQuery)
  if (!data) {
    return isError ? (
      <ErrorState error={error} retry={() => void refetch()} />
    ) : (
      <Waiting what="the state of the cache" />
    )
  }
  return (
    <>
      {isError ? <Outdated error={error} since={dataUpdatedAt} /> : null}
      {data.counters.stale > 0 ? <Fault /> : null}
      <CacheStore data={data} />
      <AnswersSection data={data} />
      <MemorySection data={data} />
      <ChecksSection counters={data.counters} />
    </>
  )
}

function Fault() {
  return (
    <Alarm>
      A kept answer was stale. This is a fault of Duly; please report it, with the lines of the log that say
      “a kept answer is stale”. To have all forgotten that is kept, empty Redis, if there is one, and restart
      Duly.
    </Alarm>
  )
}

function AnswersSection({ data: { store, since, counters } }: { data: CacheStatus }) {
  const shared = store.kind === 'redis'
  const kept = counters.hits + counters.hits_in_store
  return (
    <Section
      title="Answers"
      note={
        <>
          By this process since its start, <time dateTime={since}>{sayMoment(since, accountZone())}</time>,{' '}
          {sayAgo(since)}.
        </>
      }
    >
      <Figures columns={4}>
        <Figure
          name="Hit rate"
          note="answers that were kept, of all"
          value={sayRate(kept, kept + counters.loads)}
        />
        <Figure name="From memory" note="kept by this process" value={sayTotal(counters.hits)} />
        {shared ? (
          <Figure name="From Redis" note="made by any node" value={sayTotal(counters.hits_in_store)} />
        ) : null}
        <Figure name="Made anew" note="read from the database" value={sayTotal(counters.loads)} />
        {shared ? null : <LookUps counters={counters} />}
      </Figures>
    </Section>
  )
}

function MemorySection({ data: { counters, memory_limit_bytes: limit } }: { data: CacheStatus }) {
  const { memory_bytes: used } = counters
  return (
    <Section
      title="Memory"
      note="When it is full, answers that are used least make room. The setting cache.memory says how much there is."
    >
      <Figures columns={3}>
        <Figure name="Used" note={`${sayShare(used / limit)} of what there is`} value={sayBytes(used)} />
        <Figure name="At most" note="in this process" value={sayBytes(limit)} />
        <Figure wide name="Answers" note="kept at this moment" value={sayTotal(counters.memory_entries)} />
      </Figures>
    </Section>
  )
}

function ChecksSection({ counters: { checks, stale } }: { counters: CacheStatus['counters'] }) {
  return (
    <Section
      title="Checks"
      note="Now and then an answer from memory is made anew before it is sent, and compared."
    >
      <Figures columns={2}>
        <Figure name="Compared" note="with the database" value={sayTotal(checks)} />
        <Figure name="Stale" value={sayTotal(stale)} note="there must be none" urgent={stale > 0} />
      </Figures>
    </Section>
  )
}
