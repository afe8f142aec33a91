import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { sayError } from '#api/client.ts'
import { accountZone } from '#api/queries.ts'
import type { SlowQuery } from '#api/types.ts'
import { sayMoment } from '#lib/dates.ts'
import { Button } from '#ui/button.tsx'
import { planQuery } from './queries.ts'
import { ENGINES, sayCount, sayDuration } from './words.ts'

const CODE = 'rounded-lg bg-hover p-3 font-mono text-xs leading-5'

/** The whole text, how its slowest run went, and, when asked for, how the database would run it. */
export function SlowQueryDetails({ query }: { query: SlowQuery }) {
  const { worst } = query
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <pre className={`${CODE} whitespace-pre-wrap [overflow-wrap:anywhere]`}>{query.text}</pre>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-2 md:grid-cols-4">
        <Fact name="Slowest">{sayDuration(worst.duration_us)}</Fact>
        <Fact name="Average">{sayDuration(query.mean_us)}</Fact>
        <Fact name="Rows of the slowest">{sayCount(worst.rows)}</Fact>
        <Fact name="Rows in all">{sayCount(query.rows)}</Fact>
        <Fact name="Waited for a connection">{sayDuration(worst.pool_wait_us)}</Fact>
        <Fact name="Run by">
          {ENGINES[worst.engine]}, {worst.target}
        </Fact>
        <Fact name="When">{sayMoment(worst.at, accountZone())}</Fact>
        <Fact name="Last seen">{sayMoment(query.last_seen_at, accountZone())}</Fact>
        <Fact name="Written in" wide>
          <code className="font-mono text-xs">{worst.caller}</code>
        </Fact>
        {worst.request_id ? (
          <Fact name="Request" wide>
            <code className="font-mono text-xs">{worst.request_id}</code>
          </Fact>
        ) : null}
        {worst.values ? (
          <Fact name="Bound to it" wide>
            <code className="font-mono text-xs">{worst.values.join(', ')}</code>
          </Fact>
        ) : null}
      </dl>
      <Plan id={query.id} />
    </div>
  )
}

function Fact({ name, wide, children }: { name: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={wide ? 'col-span-2' : undefined}>
      <dt className="text-xs text-soft">{name}</dt>
      <dd className="[overflow-wrap:anywhere] tabular-nums">{children}</dd>
    </div>
  )
}

function Plan({ id }: { id: string }) {
  const [asked, setAsked] = useState(false)
  const { data, isError, error, isFetching, refetch } = useQuery({ ...planQuery(id), enabled: asked })
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <Button
        className="justify-self-start"
        busy={isFetching}
        onClick={() => (asked ? void refetch() : setAsked(true))}
      >
        {asked ? 'Explain again' : 'Explain the slowest'}
      </Button>
      {isError ? (
        <p role="alert" className="text-sm text-danger">
          {sayError(error)}
        </p>
      ) : data ? (
        <pre tabIndex={0} role="region" aria-label="Plan" className={`${CODE} overflow-x-auto`}>
          {data.plan}
        </pre>
      ) : null}
    </div>
  )
}
