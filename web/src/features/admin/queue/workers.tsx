import { accountZone } from '#api/queries.ts'
import type { JobWorker } from '#api/types.ts'
import { sayMoment } from '#lib/dates.ts'
import { Section } from '#ui/section.tsx'
import { EmptyState } from '#ui/states.tsx'
import { Badge } from '../badge.tsx'
import { sayBytes } from '../words.ts'
import { JobLink } from './jobs-link.tsx'
import { isSilent } from './summary.ts'
import { sayAge, sayTime } from './words.ts'

/** Who works, and on what. */
export function WorkersSection({ workers, now }: { workers: JobWorker[]; now: number }) {
  return (
    <Section title="Workers" note="What each of them runs, what has run longest first.">
      {workers.length === 0 ? (
        <EmptyState title="No worker was heard of">Nothing that runs later is run.</EmptyState>
      ) : (
        <ul className="grid grid-cols-[minmax(0,1fr)] items-start gap-3 lg:grid-cols-2">
          {workers.map((worker) => (
            <Worker key={worker.id} worker={worker} now={now} />
          ))}
        </ul>
      )}
    </Section>
  )
}

function Worker({ worker, now }: { worker: JobWorker; now: number }) {
  const { host, process, version, queues, slots, running, started_at: started } = worker
  return (
    <li className="grid grid-cols-[minmax(0,1fr)] content-start gap-3 rounded-xl p-4 shadow-sheet">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h3 className="text-base font-semibold [overflow-wrap:anywhere]">{host}</h3>
          <p className="text-sm text-soft tabular-nums">
            Process {process}, {sayBytes(worker.memory_bytes)}
          </p>
        </div>
        {isSilent(worker, now) ? (
          <Badge text={[`Silent for ${sayAge(worker.heard_at, now)}`, 'bad']} />
        ) : (
          <span className="text-sm whitespace-nowrap text-soft tabular-nums">
            {running.length} of {slots} at work
          </span>
        )}
      </div>
      <Slots busy={running.length} slots={slots} />
      <p className="text-sm text-soft">
        Duly {version}, up{' '}
        <time dateTime={started} title={sayMoment(started, accountZone())}>
          {sayAge(started, now)}
        </time>
        . Serves <span className="text-ink [overflow-wrap:anywhere]">{queues.join(', ')}</span>
      </p>
      {running.length > 0 ? <Running running={running} /> : null}
    </li>
  )
}

const DRAWN = 32

function Slots({ busy, slots }: { busy: number; slots: number }) {
  if (slots > DRAWN) return null
  return (
    <div aria-hidden className="flex gap-1">
      {Array.from({ length: slots }, (_, slot) => (
        <span
          key={slot}
          className={`h-1.5 max-w-10 flex-1 rounded-full ${slot < busy ? 'bg-accent' : 'bg-line'}`}
        />
      ))}
    </div>
  )
}

function Running({ running }: { running: JobWorker['running'] }) {
  return (
    <ol className="grid grid-cols-[minmax(0,1fr)] border-t border-line pt-1">
      {running.map(({ job, kind, queue, attempt, for_ms }) => (
        <li key={job} className="flex items-baseline justify-between gap-3 py-1 text-sm">
          <span className="min-w-0 truncate">
            <JobLink id={job} className="text-base font-medium">
              {kind}
            </JobLink>{' '}
            <span className="text-soft">
              {queue}
              {attempt > 1 ? `, attempt ${attempt}` : ''}
            </span>
          </span>
          <span className="whitespace-nowrap tabular-nums">{sayTime(for_ms)}</span>
        </li>
      ))}
    </ol>
  )
}
