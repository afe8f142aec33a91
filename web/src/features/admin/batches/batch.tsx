import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import { accountZone } from '#api/queries.ts'
import type { Batch } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { Button } from '#ui/button.tsx'
import { Figure, Figures } from '#ui/figures.tsx'
import { ErrorState, Waiting } from '#ui/states.tsx'
import { Outdated } from '../alarm.tsx'
import { Badge } from '../badge.tsx'
import { Fact } from '../fact.tsx'
import { JOB_STATES } from '../queue/job-filter.ts'
import { JobsLink } from '../queue/jobs-link.tsx'
import { batchQuery } from '../queue/queries.ts'
import { STATE_NAMES } from '../queue/words.ts'
import { sayTotal } from '../words.ts'
import { CancelDialog } from './cancel-dialog.tsx'
import { Progress } from './progress.tsx'
import { sayLength, sayProgress, stateOf, tagOf } from './words.ts'

export function BatchPage() {
  const { id } = useParams({ from: '/_app/admin/queues/batches/$id' })
  const { data, isError, error, refetch, dataUpdatedAt } = useQuery(batchQuery(id))
  return (
    <>
      <Link
        to="/admin/queues/batches"
        className="-mb-3 flex w-fit items-center gap-1.5 text-sm text-soft hover:text-ink touch:min-h-11"
      >
        <ArrowLeft size={14} aria-hidden /> Batches
      </Link>
      {data ? (
        <>
          {isError ? <Outdated error={error} since={dataUpdatedAt} /> : null}
          <Head batch={data} />
          <Counts batch={data} />
          <Facts batch={data} now={dataUpdatedAt} />
        </>
      ) : isError ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Waiting what="the batch" />
      )}
    </>
  )
}

/** Its name and state, how far it has come, and how to end it. */
function Head({ batch }: { batch: Batch }) {
  const [asking, setAsking] = useState(false)
  return (
    <section aria-label="Batch" className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
        <h2 className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1 text-lg font-semibold [overflow-wrap:anywhere]">
          {batch.name} <Badge text={stateOf(batch)} />
        </h2>
        {batch.state === 'running' ? (
          <Button look="danger" onClick={() => setAsking(true)}>
            Cancel batch…
          </Button>
        ) : null}
      </div>
      <Progress batch={batch} />
      <p className="text-sm text-soft tabular-nums">{sayProgress(batch)}</p>
      {asking ? <CancelDialog batch={batch} onClose={() => setAsking(false)} /> : null}
    </section>
  )
}

/** What became of its jobs; leads to them. */
function Counts({ batch }: { batch: Batch }) {
  const tag = tagOf(batch)
  const { done, failed, pending, cancelled } = batch
  return (
    <section aria-label="Jobs" className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <Figures columns={4}>
        <Figure name="Done" value={sayTotal(done)} />
        <Figure name="Failed" note="for good" urgent={failed > 0} value={sayTotal(failed)} />
        <Figure name="Pending" note="wait or run" value={sayTotal(pending)} />
        <Figure name="Cancelled" value={sayTotal(cancelled)} />
      </Figures>
      <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <span className="text-soft">Its jobs:</span>
        {JOB_STATES.map((state) => (
          <JobsLink
            key={state}
            filter={{ state, tag }}
            className="flex min-h-6 items-center text-accent touch:min-h-11"
          >
            {STATE_NAMES[state]}
          </JobsLink>
        ))}
      </p>
    </section>
  )
}

function Facts({ batch, now }: { batch: Batch; now: number }) {
  const { id, completion, created_at: created, ended_at: ended, by } = batch
  return (
    <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 lg:grid-cols-5">
      <Fact name="Pushed">
        <time dateTime={created} title={sayMoment(created, accountZone())}>
          {sayAgo(created, now)}
        </time>
      </Fact>
      <Fact name="Ended">
        {ended ? (
          <time dateTime={ended} title={sayMoment(ended, accountZone())}>
            {sayAgo(ended, now)}
          </time>
        ) : (
          '–'
        )}
      </Fact>
      <Fact name={ended ? 'Took' : 'Runs for'}>{sayLength(batch, now)}</Fact>
      {by ? <Fact name="Pushed by">{by}</Fact> : null}
      {completion ? (
        <Fact name="Completion job" wide>
          <JobsLink filter={{ state: ended ? 'done' : 'ready', kind: completion }}>{completion}</JobsLink>
        </Fact>
      ) : null}
      <Fact name="Id" wide>
        <code className="font-mono text-xs">{id}</code>
      </Fact>
    </dl>
  )
}
