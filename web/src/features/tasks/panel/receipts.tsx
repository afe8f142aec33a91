import { useQuery } from '@tanstack/react-query'
import { accountZone, notificationsQuery } from '#api/queries.ts'
import type { Notification } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { sayMoment } from '#lib/dates.ts'

const KINDS: Record<Notification['kind'], string> = {
  due: 'The day before',
  due_time: 'At the due time',
  overdue: 'Overdue',
  escalated: 'Still open',
  collected: 'All in one',
  digest: 'Your week',
}

function sayState({ state, planned_at, sent_at, reason, attempts }: Notification, zone: string): string {
  if (state === 'sent') return `Sent ${sayMoment(sent_at ?? planned_at, zone)}`
  if (state === 'planned') return `Planned for ${sayMoment(planned_at, zone)}`
  if (state === 'queued' || state === 'sending') {
    return attempts > 1 ? `Sending, attempt ${attempts}` : 'On its way'
  }
  const why = reason ? `: ${reason}` : ''
  if (state === 'failed') return `Not sent${why}`
  if (state === 'bounced') return `Came back${why}`
  if (state === 'complained') return `Reported as spam${why}`
  return `Cancelled${why}`
}

/** What became of each reminder of a task. */
export function Receipts({ taskId }: { taskId: string }) {
  const { data } = useQuery(notificationsQuery(taskId))
  const zone = accountZone()
  if (!data || data.data.length === 0) return null
  return (
    <section aria-labelledby="receipts" className="grid gap-1.5">
      <h2 id="receipts" className="text-sm font-medium">
        Reminders
      </h2>
      <ul className="grid gap-px">
        {data.data.map((notification) => (
          <li key={notification.id} className="flex min-h-8 items-baseline justify-between gap-3 text-sm">
            <span>{KINDS[notification.kind]}</span>
            <span
              className={classes(
                'text-right text-xs',
                ['failed', 'bounced', 'complained'].includes(notification.state)
                  ? 'text-danger'
                  : 'text-soft',
              )}
            >
              {sayState(notification, zone)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
