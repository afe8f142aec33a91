import { useQuery } from '@tanstack/react-query'
import { CircleCheck } from 'lucide-react'
import { useState } from 'react'
import { answer, api } from '#api/client.ts'
import { accountZone } from '#api/queries.ts'
import type { JobFailures } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { say } from '#lib/toasts.ts'
import { Button } from '#ui/button.tsx'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { Outdated } from '../alarm.tsx'
import { DeedDialog, type Intent } from './deed-dialog.tsx'
import { act, sayRefused } from './job-actions.ts'
import type { Deed } from './job-filter.ts'
import { JobLink, JobsLink } from './jobs-link.tsx'
import { failuresQuery } from './queries.ts'
import { sayJobs, shortId } from './words.ts'

/** How many each second are offered: enough to be done soon, not so many that what failed of load fails again. */
const PACE = 10

/** What failed for good, by what it failed of. */
export function FailuresPage() {
  const { data, isError, error, refetch, dataUpdatedAt } = useQuery(failuresQuery)
  const [intent, setIntent] = useState<Intent | null>(null)
  // Stays when its group has gone: a group of one goes with the one that is tried.
  const [tried, setTried] = useState<{ kind: string; id: string } | null>(null)
  if (!data) {
    return isError ? (
      <ErrorState error={error} retry={() => void refetch()} />
    ) : (
      <Waiting what="the failures" />
    )
  }
  return (
    <>
      {isError ? <Outdated error={error} since={dataUpdatedAt} /> : null}
      <div role="status" className="empty:hidden">
        {tried ? (
          <p className="rounded-md bg-accent-wash px-4 py-3 text-sm">
            One {tried.kind} waits again:{' '}
            <JobLink id={tried.id} className="font-medium text-accent underline">
              see how job {shortId(tried.id)} does
            </JobLink>
          </p>
        ) : null}
      </div>
      {data.data.length === 0 ? (
        <EmptyState icon={<CircleCheck size={28} aria-hidden />} title="Nothing failed for good">
          Jobs that failed all their tries are kept here, until they are retried or forgotten.
        </EmptyState>
      ) : (
        <ul className="grid grid-cols-[minmax(0,1fr)] gap-3">
          {data.data.map((group) => (
            <Group key={group.fingerprint} group={group} onIntent={setIntent} onTried={setTried} />
          ))}
        </ul>
      )}
      {intent ? (
        <DeedDialog
          intent={intent}
          pace={PACE}
          onClose={() => setIntent(null)}
          onDone={() => setIntent(null)}
        />
      ) : null}
    </>
  )
}

/** Retries the newest of those that look alike; answers which that was. */
async function retryOne({ fingerprint }: JobFailures): Promise<string | null> {
  const query = { state: 'failed', fingerprint, limit: 1 }
  const { data } = await answer(api.GET('/api/v1/admin/jobs', { params: { query } }))
  const id = data[0]?.id
  if (!id) {
    say('None of them is there any more', { tone: 'danger' })
    return null
  }
  const { jobs } = await act('retry', { ids: [id] })
  return jobs[0] ?? null
}

interface GroupProps {
  group: JobFailures
  onIntent: (intent: Intent) => void
  onTried: (tried: { kind: string; id: string }) => void
}

function Group({ group, onIntent, onTried }: GroupProps) {
  const { fingerprint, kind, queue, jobs: number, first_at: first, last_at: last, error } = group
  const [busy, setBusy] = useState(false)
  const ask = (deed: Deed) => () => onIntent({ deed, jobs: { fingerprint }, number })
  const onRetryOne = async () => {
    setBusy(true)
    try {
      const id = await retryOne(group)
      if (id) onTried({ kind, id })
    } catch (failure) {
      sayRefused(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <li className="grid grid-cols-[minmax(0,1fr)] gap-3 rounded-xl p-4 shadow-sheet md:px-5">
      <div className="flex items-start justify-between gap-x-4 gap-y-1 max-sm:flex-col">
        <div className="min-w-0">
          <h2 className="text-base font-semibold [overflow-wrap:anywhere]">
            {kind} <span className="ml-1 text-sm font-normal text-soft">{queue}</span>
          </h2>
          <p className="text-sm text-soft">
            Last failed <Ago at={last} />
            {number > 1 ? (
              <>
                , first <Ago at={first} />
              </>
            ) : null}
          </p>
        </div>
        <p className="text-lg font-semibold whitespace-nowrap text-danger tabular-nums">{sayJobs(number)}</p>
      </div>
      <p className="line-clamp-4 font-mono text-xs leading-5 [overflow-wrap:anywhere]">{error}</p>
      <div className="flex flex-wrap gap-2">
        <Button aria-label={`Retry one ${kind} first`} busy={busy} onClick={() => void onRetryOne()}>
          Retry one first
        </Button>
        <Button aria-label={`Retry all ${sayJobs(number)} of ${kind}…`} onClick={ask('retry')}>
          Retry all…
        </Button>
        <Button
          look="danger"
          aria-label={`Forget all ${sayJobs(number)} of ${kind}…`}
          onClick={ask('forget')}
        >
          Forget all…
        </Button>
        <JobsLink
          filter={{ state: 'failed', fingerprint }}
          label={`See the jobs of ${kind}`}
          className="inline-flex h-8 items-center rounded-md px-3 text-sm text-soft hover:bg-hover hover:text-ink hover:no-underline touch:h-11 touch:px-4"
        >
          See the jobs
        </JobsLink>
      </div>
    </li>
  )
}

const Ago = ({ at }: { at: string }) => (
  <time dateTime={at} title={sayMoment(at, accountZone())}>
    {sayAgo(at)}
  </time>
)
