import { useState } from 'react'
import type { JobState, Queue } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { useMedia } from '#lib/use-media.ts'
import { Button } from '#ui/button.tsx'
import { Section } from '#ui/section.tsx'
import { Badge } from '../badge.tsx'
import { Fact } from '../fact.tsx'
import { sayCount, sayTotal } from '../words.ts'
import { JobsLink } from './jobs-link.tsx'
import { PauseDialog } from './pause-dialog.tsx'
import { PauseNote, ResumeButton } from './pauses.tsx'
import { sayMeasured, sayRoughly, STATE_NAMES } from './words.ts'

/** Too narrow for the table beside the navigation. */
const CROWDED = '(width < 1200px)'

const COUNTS = ['ready', 'running', 'scheduled', 'failed'] as const satisfies JobState[]

/** How each queue is doing: a table, or where there is no room for it one card each. */
export function WorkloadSection({ queues, now }: { queues: Queue[]; now: number }) {
  const isCrowded = useMedia(CROWDED)
  const [pausing, setPausing] = useState<string | null>(null)
  return (
    <Section
      title="Workload"
      note="Most important first. Oldest is for how long a job has waited; durations are of the past hour."
    >
      {isCrowded ? (
        <ul className="grid grid-cols-[minmax(0,1fr)] gap-3 lg:grid-cols-2">
          {queues.map((queue) => (
            <Card key={queue.name} queue={queue} now={now} onPause={setPausing} />
          ))}
        </ul>
      ) : (
        <Table queues={queues} now={now} onPause={setPausing} />
      )}
      {pausing ? <PauseDialog what={{ queue: pausing }} onClose={() => setPausing(null)} /> : null}
    </Section>
  )
}

interface QueueProps {
  queue: Queue
  now: number
  onPause: (queue: string) => void
}

function PauseButton({ queue: { name, pause }, onPause }: Omit<QueueProps, 'now'>) {
  return pause ? (
    <ResumeButton scope="queue" id={name} />
  ) : (
    <Button look="quiet" aria-label={`Pause ${name}…`} onClick={() => onPause(name)}>
      Pause…
    </Button>
  )
}

function Count({ queue, state }: { queue: Queue; state: (typeof COUNTS)[number] }) {
  const count = queue[state]
  if (count === 0) return <span className="text-soft">0</span>
  return (
    <JobsLink
      filter={{ state, queue: queue.name }}
      label={`${sayCount(count)} ${STATE_NAMES[state].toLowerCase()} in ${queue.name}`}
      className={classes('inline-block', state === 'failed' && 'font-medium text-danger')}
    >
      {sayTotal(count)}
    </JobsLink>
  )
}

const waitingOf = ({ waiting_since: since }: Queue, now: number) => (since ? sayRoughly(since, now) : '–')

const HEAD = 'py-2 pl-4 text-right text-xs font-medium whitespace-nowrap text-soft'
const NUMBER = 'py-3 pl-4 text-right align-top tabular-nums whitespace-nowrap'

function Table({ queues, now, onPause }: { queues: Queue[] } & Omit<QueueProps, 'queue'>) {
  return (
    <table className="w-full text-sm">
      <thead>
        <tr className="border-b border-line">
          <th scope="col" className="py-2 text-left text-xs font-medium text-soft">
            Queue
          </th>
          {COUNTS.map((state) => (
            <th key={state} scope="col" className={HEAD}>
              {STATE_NAMES[state]}
            </th>
          ))}
          {['Oldest', 'Done, 1 h', 'Wait', 'Run'].map((name) => (
            <th key={name} scope="col" className={HEAD}>
              {name}
            </th>
          ))}
          <th scope="col" className="w-24">
            <span className="sr-only">Pause or resume</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {queues.map((queue) => (
          <Row key={queue.name} queue={queue} now={now} onPause={onPause} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ queue, now, onPause }: QueueProps) {
  const { name, pause, last_hour: figures } = queue
  return (
    <tr className="border-b border-line last:border-0">
      <th scope="row" className="max-w-60 py-3 text-left align-top font-normal">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="text-base font-medium">{name}</span>
          {pause ? <Badge text={['Paused', 'unsure']} /> : null}
        </span>
        {pause ? <PauseNote pause={pause} /> : null}
      </th>
      {COUNTS.map((state) => (
        <td key={state} className={NUMBER}>
          <Count queue={queue} state={state} />
        </td>
      ))}
      <td className={NUMBER}>{waitingOf(queue, now)}</td>
      <td className={NUMBER}>{sayTotal(figures.done)}</td>
      <td className={NUMBER}>
        <Durations of={figures.wait} />
      </td>
      <td className={NUMBER}>
        <Durations of={figures.run} />
      </td>
      <td className="py-1.5 pl-4 text-right align-top">
        <PauseButton queue={queue} onPause={onPause} />
      </td>
    </tr>
  )
}

/** Half, 95 and 99 of 100: the middle one of them says most. */
function Durations({ of: { p50_ms, p95_ms, p99_ms } }: { of: Queue['last_hour']['wait'] }) {
  if (p50_ms === null) return <span className="text-soft">–</span>
  return (
    <dl className="grid grid-cols-[auto_auto] justify-end gap-x-2 text-right">
      {(
        [
          ['p50', p50_ms],
          ['p95', p95_ms],
          ['p99', p99_ms],
        ] as const
      ).map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-xs leading-[1.125rem] text-soft">{name}</dt>
          <dd>{sayMeasured(value)}</dd>
        </div>
      ))}
    </dl>
  )
}

function Card({ queue, now, onPause }: QueueProps) {
  const { name, pause, last_hour: figures } = queue
  return (
    <li className="grid grid-cols-[minmax(0,1fr)] content-start gap-3 rounded-xl p-4 shadow-sheet">
      <div className="flex items-center justify-between gap-3">
        <h3 className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1 text-base font-semibold">
          {name} {pause ? <Badge text={['Paused', 'unsure']} /> : null}
        </h3>
        <PauseButton queue={queue} onPause={onPause} />
      </div>
      {pause ? <PauseNote pause={pause} /> : null}
      <dl className="grid grid-cols-3 gap-x-4 gap-y-3 sm:max-md:grid-cols-6 min-[900px]:max-lg:grid-cols-6">
        {COUNTS.map((state) => (
          <Fact key={state} name={STATE_NAMES[state]}>
            <Count queue={queue} state={state} />
          </Fact>
        ))}
        <Fact name="Oldest">{waitingOf(queue, now)}</Fact>
        <Fact name={'Done, 1\u00a0h'}>{sayTotal(figures.done)}</Fact>
      </dl>
      <dl className="grid grid-cols-3 gap-x-4 gap-y-3 border-t border-line pt-3 sm:max-md:grid-cols-6 min-[900px]:max-lg:grid-cols-6">
        <Fact name="Wait p50">{sayMeasured(figures.wait.p50_ms)}</Fact>
        <Fact name="p95">{sayMeasured(figures.wait.p95_ms)}</Fact>
        <Fact name="p99">{sayMeasured(figures.wait.p99_ms)}</Fact>
        <Fact name="Run p50">{sayMeasured(figures.run.p50_ms)}</Fact>
        <Fact name="p95">{sayMeasured(figures.run.p95_ms)}</Fact>
        <Fact name="p99">{sayMeasured(figures.run.p99_ms)}</Fact>
      </dl>
    </li>
  )
}
