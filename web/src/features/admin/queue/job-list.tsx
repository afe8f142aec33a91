import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query'
import { ListChecks } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { sayError } from '#api/client.ts'
import type { Job, JobList as JobPage } from '#api/types.ts'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { Alarm } from '../alarm.tsx'
import { BulkBar } from './bulk-bar.tsx'
import { DeedDialog, type Intent } from './deed-dialog.tsx'
import { act, MOST, sayRefused } from './job-actions.ts'
import { chosenBy, DEEDS, narrowingsOf, type Deed, type JobFilter } from './job-filter.ts'
import { JobRow } from './job-row.tsx'
import { More } from './more.tsx'
import { jobsQuery } from './queries.ts'
import { useJobKeys } from './use-job-keys.ts'
import { useChoice } from './use-choice.ts'
import { STATE_NAMES } from './words.ts'

/** A job that changed its place between two pages stands in the first of them. */
function shownOf(pages: { data: Job[] }[] | undefined): Job[] {
  const jobs = new Map<string, Job>()
  for (const job of pages?.flatMap((page) => page.data) ?? []) {
    if (!jobs.has(job.id)) jobs.set(job.id, job)
  }
  return [...jobs.values()]
}

/** The jobs a filter shows, a page after the other, and what can be done with them. */
export function JobList({ filter }: { filter: JobFilter }) {
  const list = useInfiniteQuery(jobsQuery(filter))
  const jobs = useMemo(() => shownOf(list.data?.pages), [list.data])
  if (list.isPending) return <Waiting what="the jobs" />
  if (list.isError && jobs.length === 0) {
    return <ErrorState error={list.error} retry={() => void list.refetch()} />
  }
  return (
    <>
      {list.isError ? <Alarm>{sayError(list.error)}. This is how it was before.</Alarm> : null}
      {jobs.length === 0 ? <Nothing filter={filter} /> : <Shown filter={filter} jobs={jobs} list={list} />}
    </>
  )
}

interface ShownProps {
  filter: JobFilter
  jobs: Job[]
  list: UseInfiniteQueryResult<InfiniteData<JobPage>>
}

function Shown({ filter, jobs, list }: ShownProps) {
  const ids = useMemo(() => jobs.map(({ id }) => id), [jobs])
  const deeds = DEEDS[filter.state]
  const choice = useChoice(ids)
  const [intent, setIntent] = useState<Intent | null>(null)
  const root = useRef<HTMLDivElement>(null)
  const wish = (deed: Deed, wanted: string[]) => {
    const some = wanted.slice(0, MOST)
    // One that is tried again can be cancelled again: nothing to ask.
    if (deed === 'retry' && some.length === 1) {
      void act('retry', { ids: some }).catch(sayRefused)
      choice.clear()
    } else setIntent({ deed, jobs: { ids: some }, number: some.length })
  }
  const onKeyDown = useJobKeys({ root, ids, choice, deeds, wish })
  const matching = list.hasNextPage ? chosenBy(filter) : null
  const isAll = choice.chosen.size === jobs.length
  return (
    <div ref={root} tabIndex={-1} className="grid grid-cols-[minmax(0,1fr)] outline-none">
      {deeds.length > 0 ? <SelectAll choice={choice} number={jobs.length} /> : null}
      <ul
        aria-label={`${STATE_NAMES[filter.state]} jobs`}
        className="grid grid-cols-[minmax(0,1fr)]"
        onKeyDown={onKeyDown}
      >
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} now={list.dataUpdatedAt} choice={deeds.length > 0 ? choice : null} />
        ))}
      </ul>
      <More list={list} />
      {choice.chosen.size > 0 ? (
        <BulkBar
          number={choice.chosen.size}
          deeds={deeds}
          onDeed={(deed) => wish(deed, [...choice.chosen])}
          onMatching={
            matching && isAll ? (deed) => setIntent({ deed, jobs: matching, number: null }) : undefined
          }
          onClear={choice.clear}
        />
      ) : null}
      {intent ? (
        <DeedDialog
          intent={intent}
          onClose={() => setIntent(null)}
          onDone={() => {
            setIntent(null)
            choice.clear()
            root.current?.focus()
          }}
        />
      ) : null}
    </div>
  )
}

function SelectAll({ choice, number }: { choice: ReturnType<typeof useChoice>; number: number }) {
  const some = choice.chosen.size > 0
  const all = choice.chosen.size === number
  return (
    <label className="flex h-9 items-center gap-3 border-b border-line text-xs text-soft touch:h-11">
      <input
        type="checkbox"
        className="check"
        checked={all}
        ref={(box) => {
          if (box) box.indeterminate = some && !all
        }}
        onChange={() => (all ? choice.clear() : choice.chooseAll())}
      />
      Select all {number.toLocaleString('en-US')} that are loaded
    </label>
  )
}

const NOTHING: Partial<Record<Job['state'], string>> = {
  ready: 'Workers keep up.',
  scheduled: 'No job is due later.',
  running: 'All slots are idle at this moment.',
  failed: 'No job failed for good.',
}

function Nothing({ filter }: { filter: JobFilter }) {
  const narrowed = narrowingsOf(filter).length > 0
  return (
    <EmptyState
      icon={<ListChecks size={28} aria-hidden />}
      title={narrowed ? 'No job matches' : `No ${STATE_NAMES[filter.state].toLowerCase()} jobs`}
    >
      {narrowed ? 'Try fewer filters, or another state.' : NOTHING[filter.state]}
    </EmptyState>
  )
}
