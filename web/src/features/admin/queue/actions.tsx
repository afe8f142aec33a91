import { useInfiniteQuery } from '@tanstack/react-query'
import { ScrollText } from 'lucide-react'
import { accountZone } from '#api/queries.ts'
import type { JobAction } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { Section } from '#ui/section.tsx'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { tell } from './action-words.ts'
import { JobLink } from './jobs-link.tsx'
import { More } from './more.tsx'
import { actionsQuery } from './queries.ts'
import { shortId } from './words.ts'

/** What operators did with jobs and queues, here and by command line. */
export function ActionsPage() {
  const list = useInfiniteQuery(actionsQuery)
  if (list.isPending) return <Waiting what="the log" />
  if (list.isError && !list.data) return <ErrorState error={list.error} retry={() => void list.refetch()} />
  const actions = list.data.pages.flatMap((page) => page.data)
  if (actions.length === 0) {
    return (
      <EmptyState icon={<ScrollText size={28} aria-hidden />} title="Nobody did anything yet">
        Retrying, cancelling, forgetting, pausing and resuming is written down here, with who did it.
      </EmptyState>
    )
  }
  return (
    <Section title="What operators did" note="With jobs and queues, here and by command line; newest first.">
      <ol className="grid grid-cols-[minmax(0,1fr)]">
        {actions.map((action, index) => (
          <Item key={`${action.at} ${index}`} action={action} />
        ))}
      </ol>
      <More list={list} />
    </Section>
  )
}

function Item({ action }: { action: JobAction }) {
  const { verb, job, target, jobs, more } = tell(action)
  return (
    <li className="grid gap-0.5 border-b border-line py-2.5 last:border-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="min-w-0 text-base [overflow-wrap:anywhere]">
          <span className="text-soft">{action.by}</span> {verb}{' '}
          {job ? (
            <JobLink id={job} className="font-medium">
              job {shortId(job)}
            </JobLink>
          ) : (
            <span className="font-medium">{target}</span>
          )}
        </p>
        <time
          dateTime={action.at}
          title={sayMoment(action.at, accountZone())}
          className="text-sm whitespace-nowrap text-soft tabular-nums"
        >
          {sayAgo(action.at)}
        </time>
      </div>
      {more ? <p className="text-sm text-soft [overflow-wrap:anywhere]">{more}</p> : null}
      {jobs.length > 0 ? <Named jobs={jobs} /> : null}
    </li>
  )
}

function Named({ jobs }: { jobs: string[] }) {
  return (
    <details className="text-sm">
      <summary className="w-fit text-soft hover:text-ink touch:py-3.5">Which</summary>
      <ul className="flex flex-wrap gap-x-3 gap-y-1 pt-1 font-mono text-xs">
        {jobs.map((id) => (
          <li key={id}>
            <JobLink id={id}>{id}</JobLink>
          </li>
        ))}
      </ul>
    </details>
  )
}
