import { useQuery } from '@tanstack/react-query'
import { accountZone } from '#api/queries.ts'
import type { JobDetails } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { knownQueuesQuery } from './queries.ts'
import { timelineOf, type Happening } from './timeline.ts'
import { sayAge, sayBetween, sayTime, shortId } from './words.ts'

/** To the millisecond: what happens to a job takes no longer. */
function sayExactly(at: string): string {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: accountZone(),
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  } as Intl.DateTimeFormatOptions).format(new Date(at))
}

const DOTS = { plain: 'bg-edge', good: 'bg-accent', bad: 'bg-danger' }

export function Timeline({ job, now }: { job: JobDetails; now: number }) {
  const happenings = timelineOf(job, now)
  return (
    <ol className="grid grid-cols-[minmax(0,1fr)]">
      {happenings.map((happening, index) => (
        <Item
          key={`${happening.at} ${happening.what}`}
          happening={happening}
          before={happenings[index - 1]}
          isLast={index === happenings.length - 1}
          now={now}
        />
      ))}
    </ol>
  )
}

interface ItemProps {
  happening: Happening
  before: Happening | undefined
  isLast: boolean
  now: number
}

function Item({ happening, before, isLast, now }: ItemProps) {
  const { at, what, ended, error, worker, log, tone, ahead } = happening
  const from = before?.ended ?? before?.at
  return (
    <li className="grid grid-cols-[1rem_minmax(0,1fr)] gap-x-3">
      <span aria-hidden className="relative grid justify-items-center">
        {isLast ? null : <span className="absolute top-2.5 -bottom-2.5 w-px bg-line" />}
        <span
          className={classes(
            'z-1 mt-1.5 size-2.5 rounded-full',
            ahead ? 'border-2 border-edge bg-sheet' : DOTS[tone],
          )}
        />
      </span>
      <div className="grid gap-0.5 pb-4">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span className="text-base font-medium">
            {ahead ? `${what} in ${sayAge(new Date(now).toISOString(), Date.parse(at))}` : what}
          </span>
          <time dateTime={at} className="text-sm text-soft tabular-nums">
            {sayExactly(at)}
          </time>
        </p>
        <p className="text-sm text-soft tabular-nums empty:hidden">
          {[
            from && !ahead && from !== at ? `${sayBetween(from, at)} later` : '',
            ended ? `ran ${sayBetween(at, ended)}` : ended === null ? `has run ${sayAge(at, now)}` : '',
          ]
            .filter(Boolean)
            .join(', ')}
        </p>
        {worker ? <Worker id={worker} /> : null}
        {error ? <Reason error={error} isSame={error === before?.error} /> : null}
        {log && log.log.length > 0 ? <Lines log={log} what={what} /> : null}
      </div>
    </li>
  )
}

/** An error that comes again and again is said once. */
function Reason({ error, isSame }: { error: string; isSame: boolean }) {
  return isSame ? (
    <p className="text-sm text-soft">The same error</p>
  ) : (
    <p className="font-mono text-xs whitespace-pre-wrap text-danger [overflow-wrap:anywhere]">{error}</p>
  )
}

const LEVELS: Record<string, string> = { warn: 'font-semibold', error: 'text-danger' }

/** What it logged, each line with the time since its beginning. */
function Lines({ log, what }: { log: NonNullable<Happening['log']>; what: string }) {
  return (
    <ol
      tabIndex={0}
      aria-label={`Log of ${what}`}
      className="mt-1 grid max-h-72 grid-cols-[max-content_minmax(0,1fr)] gap-x-3 overflow-auto rounded-lg bg-hover p-3 font-mono text-xs leading-5"
    >
      {log.log.map((line, index) => (
        // Lines have nothing else to be told apart by, and never change.
        <li key={index} className="col-span-2 grid grid-cols-subgrid" title={line.target}>
          <span className="text-right text-soft tabular-nums">+{sayTime(line.after_ms)}</span>
          <span className={classes('whitespace-pre-wrap [overflow-wrap:anywhere]', LEVELS[line.level])}>
            {line.level === 'info' ? null : `${line.level}: `}
            {line.text}
          </span>
        </li>
      ))}
      {log.log_more > 0 ? <li className="col-span-2 text-soft">… {log.log_more} more</li> : null}
    </ol>
  )
}

/** Its machine and process while it is known, else its id. */
function Worker({ id }: { id: string }) {
  const { data } = useQuery(knownQueuesQuery)
  const worker = data?.workers.find((one) => one.id === id)
  return (
    <p className="text-sm text-soft" title={id}>
      by worker {worker ? `${worker.host}, process ${worker.process}` : shortId(id)}
    </p>
  )
}
