import { accountZone } from '#api/queries.ts'
import type { CacheStatus } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { Figure, Figures } from '#ui/figures.tsx'
import { Section } from '#ui/section.tsx'
import { Badge } from './badge.tsx'
import { REDIS_STATES, sayTotal, type Redis } from './words.ts'

/** Where nodes share what they know, and whether that is there. */
export function CacheStore({ data: { store, counters } }: { data: CacheStatus }) {
  const redis = store.kind === 'redis' ? store : undefined
  return (
    <Section
      title="Where it is kept"
      actions={redis ? <Badge text={REDIS_STATES[redis.state]} /> : undefined}
    >
      <p className="text-base [overflow-wrap:anywhere]">{sayStore(store)}</p>
      {redis ? <RedisDetails redis={redis} counters={counters} /> : null}
    </Section>
  )
}

function RedisDetails({ redis, counters }: { redis: Redis; counters: CacheStatus['counters'] }) {
  return (
    <>
      <p className="-mt-3 text-sm text-soft [overflow-wrap:anywhere]">
        {redis.state === 'away' ? 'Away' : 'Connected'} since{' '}
        <time dateTime={redis.since}>{sayMoment(redis.since, accountZone())}</time>, {sayAgo(redis.since)}.
        {redis.last_error ? ` The last failure: ${redis.last_error}` : null}
      </p>
      <Figures columns={4}>
        <Figure name="Round trips" note="times anybody waited for it" value={sayTotal(redis.round_trips)} />
        <Figure name="Not answered" note="the database was asked" value={sayTotal(counters.lost)} />
        <Figure name="Waits" note="while another node made the answer" value={sayTotal(counters.waits)} />
        <LookUps counters={counters} />
      </Figures>
    </>
  )
}

export function LookUps({ counters }: { counters: CacheStatus['counters'] }) {
  return (
    <Figure name="Look-ups" note="in the database, of who asks" value={sayTotal(counters.callers_loaded)} />
  )
}

function sayStore(store: CacheStatus['store']): string {
  switch (store.kind) {
    case 'memory':
      return 'In the memory of this process, which shares it with no other.'
    case 'database':
      return 'Answers in the memory of this process. Nodes share nothing but the database: each request asks it who asks and how new the answer has to be.'
    case 'redis':
      return sayRedis(store)
  }
}

function sayRedis({ state, way, servers }: Redis): string {
  const places = servers.join(', ')
  const name = {
    single: `Redis at ${places}`,
    sentinel: `Redis, found by the Sentinels at ${places},`,
    cluster: `The Redis Cluster at ${places}`,
  }[way]
  switch (state) {
    case 'in_use':
      return `${name} is connected and in use.`
    case 'catching_up':
      return `${name} is connected, but not used before it has been told what was changed meanwhile. Until then this node asks the database.`
    case 'away':
      return `${name} does not answer. This node asks the database instead and connects again by itself; nothing fails.`
  }
}
