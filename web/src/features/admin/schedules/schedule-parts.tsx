import { useState } from 'react'
import { accountZone } from '#api/queries.ts'
import type { Schedule } from '#api/types.ts'
import { sayMoment } from '#lib/dates.ts'
import { Button } from '#ui/button.tsx'
import { Badge } from '../badge.tsx'
import { JobsLink } from '../queue/jobs-link.tsx'
import { PauseNote, ResumeButton } from '../queue/pauses.tsx'
import { sayAge, sayAhead, sayName, sayTime } from '../queue/words.ts'
import { runNow } from './run-now.ts'

export interface ScheduleProps {
  schedule: Schedule
  now: number
  onPause: (name: string) => void
}

/** Slots are fired by a clock that ticks: so much later is in time. */
const PROMPT_MS = 2000

export const CATCH_UP: Record<Schedule['catch_up'], string> = {
  once: 'catches up once',
  skip: 'skips what it missed',
}

/** Its name, which leads to its jobs, and whether it is paused or has failed. */
export function ScheduleName({ schedule: { name, queue, pause, error } }: { schedule: Schedule }) {
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <JobsLink
        filter={{ state: 'done', kind: name }}
        label={`${sayName(name)}: its jobs`}
        className="text-base font-medium"
      >
        {sayName(name)}
      </JobsLink>
      {queue ? <span className="text-sm font-normal text-soft">{queue}</span> : null}
      {pause ? <Badge text={['Paused', 'unsure']} /> : null}
      {error ? <Badge text={['Failed', 'bad']} /> : null}
    </span>
  )
}

/** Who paused it, and why it failed. */
export function ScheduleNotes({
  schedule: { pause, error, failed_at: at },
  now,
}: Omit<ScheduleProps, 'onPause'>) {
  return (
    <>
      {pause ? <PauseNote pause={pause} /> : null}
      {error ? (
        <p className="mt-0.5 text-xs text-danger [overflow-wrap:anywhere]">
          {at ? (
            <time dateTime={at} title={sayMoment(at, accountZone())}>
              {sayAge(at, now)} ago
            </time>
          ) : (
            'The last time'
          )}
          : {error}
        </p>
      ) : null}
    </>
  )
}

export function NextRun({ schedule: { next_at: at, pause }, now }: Omit<ScheduleProps, 'onPause'>) {
  if (pause) return <span className="text-soft">–</span>
  return (
    <>
      {sayAhead(at, now)}
      <time dateTime={at} className="block text-xs text-soft">
        {sayMoment(at, accountZone())}
      </time>
    </>
  )
}

export function LastRun({ schedule: { fired_at: at, late_ms: late }, now }: Omit<ScheduleProps, 'onPause'>) {
  if (!at) return <span className="text-soft">never</span>
  return (
    <>
      <time dateTime={at} title={sayMoment(at, accountZone())}>
        {sayAge(at, now)} ago
      </time>
      {late !== null && late >= PROMPT_MS ? (
        <span className="block text-xs text-danger">{sayTime(late)} late</span>
      ) : null}
    </>
  )
}

export function ScheduleButtons({ schedule: { name, pause }, onPause }: Omit<ScheduleProps, 'now'>) {
  const [busy, setBusy] = useState(false)
  return (
    <span className="flex shrink-0 justify-end gap-1">
      <Button
        look="quiet"
        aria-label={`Run now: ${sayName(name)}`}
        busy={busy}
        onClick={() => {
          setBusy(true)
          void runNow(name).finally(() => setBusy(false))
        }}
      >
        Run now
      </Button>
      {pause ? (
        <ResumeButton scope="schedule" id={name} name={sayName(name)} />
      ) : (
        <Button look="quiet" aria-label={`Pause… ${sayName(name)}`} onClick={() => onPause(name)}>
          Pause…
        </Button>
      )}
    </span>
  )
}
