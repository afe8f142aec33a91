import { useState } from 'react'
import { accountZone } from '#api/queries.ts'
import type { JobPause, Queues } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { Button } from '#ui/button.tsx'
import { Section } from '#ui/section.tsx'
import { Badge } from '../badge.tsx'
import { resume, type PauseScope } from './job-actions.ts'
import { PauseDialog } from './pause-dialog.tsx'

/** Who paused it, why, and until when. */
export function PauseNote({ pause: { since, until, by, reason } }: { pause: Omit<JobPause, 'name'> }) {
  return (
    <span className="text-xs text-soft [overflow-wrap:anywhere]">
      By {by},{' '}
      <time dateTime={since} title={sayMoment(since, accountZone())}>
        {sayAgo(since)}
      </time>
      {until ? (
        <>
          , until <time dateTime={until}>{sayMoment(until, accountZone())}</time>
        </>
      ) : (
        ', until it is resumed'
      )}
      {reason ? <>: {reason}</> : null}
    </span>
  )
}

interface ResumeButtonProps {
  scope: PauseScope
  id: string
  /** What people call it, where that is another word. */
  name?: string
}

export function ResumeButton({ scope, id, name = id }: ResumeButtonProps) {
  const [busy, setBusy] = useState(false)
  return (
    <Button
      aria-label={`Resume ${name}`}
      busy={busy}
      onClick={() => {
        setBusy(true)
        void resume(scope, id, name).finally(() => setBusy(false))
      }}
    >
      Resume
    </Button>
  )
}

/** Kinds of jobs nobody may take, from whichever queue. */
export function PausedKinds({ data: { kinds, paused_kinds: paused } }: { data: Queues }) {
  const [asking, setAsking] = useState(false)
  const others = kinds.filter((kind) => paused.every(({ name }) => name !== kind))
  return (
    <Section
      title="Paused kinds"
      note="A kind that is paused is left where it waits, while the rest of its queue goes on."
      actions={<Button onClick={() => setAsking(true)}>Pause a kind…</Button>}
    >
      {paused.length > 0 ? (
        <ul className="grid grid-cols-[minmax(0,1fr)]">
          {paused.map((pause) => (
            <li
              key={pause.name}
              className="flex items-center gap-3 border-b border-line py-2.5 last:border-0"
            >
              <div className="grid min-w-0 flex-1 gap-0.5">
                <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                  <span className="font-medium">{pause.name}</span>
                  <Badge text={['Paused', 'unsure']} />
                </p>
                <PauseNote pause={pause} />
              </div>
              <ResumeButton scope="kind" id={pause.name} />
            </li>
          ))}
        </ul>
      ) : (
        <p className="text-base text-soft">None.</p>
      )}
      {asking ? <PauseDialog what={{ kinds: others }} onClose={() => setAsking(false)} /> : null}
    </Section>
  )
}
