import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import type { JobState, Queues } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { sayTotal } from '../words.ts'
import { JOB_STATES, narrowingsOf, parseJobFilter, type JobFilter } from './job-filter.ts'
import { JobFilters } from './job-filters.tsx'
import { JobList } from './job-list.tsx'
import { queuesQuery } from './queries.ts'
import { SavedFilters } from './saved-filters.tsx'
import { STATE_NAMES } from './words.ts'

export function JobsPage() {
  const filter = parseJobFilter(useSearch({ strict: false }))
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <StateTabs filter={filter} />
      <JobFilters filter={filter} />
      <SavedFilters filter={filter} />
      <JobList key={JSON.stringify(filter)} filter={filter} />
    </div>
  )
}

const COUNTED = ['ready', 'scheduled', 'running', 'failed'] as const

/** How many jobs are in a state, where that is known: those that ended well are not counted. */
function countOf(data: Queues | undefined, state: JobState, filter: JobFilter): number | null {
  const counted = COUNTED.find((one) => one === state)
  const narrowed = narrowingsOf(filter).filter((name) => name !== 'queue')
  if (!data || !counted || narrowed.length > 0) return null
  return data.queues
    .filter(({ name }) => !filter.queue || name === filter.queue)
    .reduce((sum, queue) => sum + queue[counted], 0)
}

function StateTabs({ filter }: { filter: JobFilter }) {
  const { data } = useQuery(queuesQuery)
  return (
    <nav aria-label="State" className="flex flex-wrap gap-0.5">
      {JOB_STATES.map((state) => {
        const count = countOf(data, state, filter)
        return (
          <Link
            key={state}
            to="/admin/jobs"
            search={{ ...filter, state } as never}
            aria-current={state === filter.state ? 'true' : undefined}
            className={classes(
              'flex h-8 items-center gap-1.5 rounded-full px-3 text-sm whitespace-nowrap touch:h-11',
              state === filter.state
                ? 'bg-accent-wash font-medium text-accent'
                : 'text-soft hover:bg-hover hover:text-ink',
            )}
          >
            {STATE_NAMES[state]}
            {count === null ? null : <span className="text-xs tabular-nums">{sayTotal(count)}</span>}
          </Link>
        )
      })}
    </nav>
  )
}
