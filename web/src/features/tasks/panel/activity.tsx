import { useInfiniteQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { useId, useState } from 'react'
import { sayError } from '#api/client.ts'
import { accountZone, activityQuery } from '#api/queries.ts'
import type { Activity } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { useToday } from '#lib/use-today.ts'
import { Button } from '#ui/button.tsx'
import { sayActivity, sayWay } from './activity-words.ts'

/** Who changed what of a task. Closed at first, and not asked for until it is opened. */
export function ActivityLog({ taskId }: { taskId: string }) {
  const [open, setOpen] = useState(false)
  const content = useId()
  return (
    <section aria-labelledby="activity" className="grid gap-1.5">
      <h2 id="activity" className="text-sm font-medium">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={content}
          className="-ml-1.5 inline-flex h-8 items-center gap-1 rounded-md pr-2 pl-1 hover:bg-hover touch:h-11"
          onClick={() => setOpen(!open)}
        >
          <ChevronRight
            size={14}
            aria-hidden
            className={classes('text-soft transition-transform duration-100', open && 'rotate-90')}
          />
          Activity
        </button>
      </h2>
      <div id={content} hidden={!open}>
        {open ? <Entries taskId={taskId} /> : null}
      </div>
    </section>
  )
}

function Entries({ taskId }: { taskId: string }) {
  const log = useInfiniteQuery(activityQuery(taskId))
  const entries = log.data?.pages.flatMap((page) => page.data) ?? []
  if (log.isPending) {
    return (
      <p role="status" className="text-sm text-soft">
        Loading the activity…
      </p>
    )
  }
  return (
    <div className="grid gap-2">
      {entries.length > 0 ? (
        <ol className="grid gap-2.5">
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ol>
      ) : log.isSuccess ? (
        <p className="text-sm text-soft">Nothing was changed yet.</p>
      ) : null}
      {log.isError ? (
        <div role="alert" className="flex items-center justify-between gap-3 text-sm">
          <span>The activity could not be loaded: {sayError(log.error)}.</span>
          <Button
            busy={log.isFetching}
            onClick={() => void (entries.length > 0 ? log.fetchNextPage() : log.refetch())}
          >
            Try again
          </Button>
        </div>
      ) : log.hasNextPage ? (
        <Button
          look="quiet"
          className="-ml-3 justify-self-start"
          busy={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          Show earlier
        </Button>
      ) : null}
    </div>
  )
}

function Entry({ entry }: { entry: Activity }) {
  const today = useToday()
  const way = sayWay(entry)
  return (
    <li className="text-sm wrap-anywhere">
      {sayActivity(entry.action, entry.changes, today).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <p className="text-xs text-soft">
        <time dateTime={entry.at} title={sayMoment(entry.at, accountZone())}>
          {sayAgo(entry.at)}
        </time>
        {way ? ` · ${way}` : ''}
      </p>
    </li>
  )
}
