import { accountZone } from '#api/queries.ts'
import type { Job } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { JobLink } from './jobs-link.tsx'
import type { Choice } from './use-choice.ts'
import { sayAge, shortId, timeOf } from './words.ts'

const TAGS_SHOWN = 3

interface JobRowProps {
  job: Job
  now: number
  /** Null where nothing can be done with jobs. */
  choice: Choice | null
}

export function JobRow({ job, now, choice }: JobRowProps) {
  const { id, kind, queue, priority, owner, tags, attempts, tries, error, payload } = job
  const isChosen = choice?.chosen.has(id) ?? false
  return (
    <li
      data-row={id}
      className={classes(
        '-mx-2 flex gap-3 border-b border-line px-2 py-2.5 last:border-0 [content-visibility:auto]',
        isChosen && 'bg-accent-wash',
      )}
    >
      {choice ? (
        // As large as a finger, wherever the box itself is.
        <label className="grid w-4 shrink-0 justify-items-start pt-0.5 touch:-my-2.5 touch:w-6 touch:pt-3">
          <input
            type="checkbox"
            className="check"
            aria-label={`Select ${kind} ${shortId(id)}`}
            checked={isChosen}
            onChange={(event) =>
              (event.nativeEvent as MouseEvent).shiftKey ? choice.extend(id) : choice.toggle(id)
            }
          />
        </label>
      ) : null}
      <div className="grid min-w-0 flex-1 grid-cols-[minmax(0,1fr)] gap-0.5">
        <div className="flex items-baseline justify-between gap-4">
          {/* Wider than its text, so that the ring of the focus is not cut off. */}
          <p className="-mx-1 -my-0.5 min-w-0 truncate px-1 py-0.5">
            <JobLink id={id} className="text-base font-medium">
              {kind}
            </JobLink>
            <span className="ml-2 text-sm text-soft">
              {[queue, priority === 'normal' ? '' : `${priority} priority`, owner ?? '']
                .filter(Boolean)
                .join(' · ')}
            </span>
          </p>
          <When job={job} now={now} />
        </div>
        <div className="flex items-baseline justify-between gap-4 text-sm">
          <p className={classes('min-w-0 truncate', !error && 'font-mono text-xs text-soft')}>
            {error ?? payload}
          </p>
          <p className="shrink-0 text-xs text-soft tabular-nums">
            {attempts} of {tries} <span className="max-sm:sr-only">attempts</span>
          </p>
        </div>
        {tags.length > 0 ? (
          <p className="truncate text-xs text-soft">
            {tags.slice(0, TAGS_SHOWN).join(', ')}
            {tags.length > TAGS_SHOWN ? ` and ${tags.length - TAGS_SHOWN} more` : ''}
          </p>
        ) : null}
      </div>
    </li>
  )
}

/** What the state does not say already. */
const WORDS: Partial<Record<Job['state'], string>> = { ready: 'waits ', running: 'runs ', scheduled: 'due ' }

function When({ job, now }: { job: Job; now: number }) {
  const { word, at } = timeOf(job)
  const isTimed = job.state === 'ready' || job.state === 'running'
  return (
    <time
      dateTime={at}
      title={`${word} ${sayMoment(at, accountZone())}`}
      className="shrink-0 text-sm whitespace-nowrap text-soft tabular-nums"
    >
      {WORDS[job.state]}
      {isTimed ? sayAge(at, now) : sayAgo(at, now)}
    </time>
  )
}
