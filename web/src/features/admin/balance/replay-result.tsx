import { useState } from 'react'
import { accountZone } from '#api/queries.ts'
import type { Replay } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { TimeChart } from '../queue/time-chart.tsx'
import { sayPace } from '../queue/summary.ts'
import { sayCount } from '../words.ts'
import { saySeconds } from './limits.ts'
import { mostChanged, timesOf } from './replay.ts'

/** What would have been, beside what was. */
export function ReplayResult({ replay }: { replay: Replay }) {
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  if (replay.decisions === 0) return null
  const queue = replay.queues.some((one) => one.queue === chosen) ? chosen : mostChanged(replay)
  return (
    <>
      <Differences replay={replay} />
      {queue ? (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
          <Tabs queues={replay.queues.map((one) => one.queue)} shown={queue} onShow={setChosen} />
          <Drawing replay={replay} queue={queue} />
        </div>
      ) : null}
    </>
  )
}

const HEAD = 'py-2 pl-4 text-right text-xs font-medium text-soft'
const NUMBER = 'py-2 pl-4 text-right align-top tabular-nums'

function Differences({ replay: { queues } }: { replay: Replay }) {
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">What would have been, and what was</caption>
      <thead>
        <tr className="border-b border-line">
          <th scope="col" className="py-2 text-left text-xs font-medium text-soft">
            Queue
          </th>
          {['Slots on average', 'Most at once', 'Too few slots'].map((name) => (
            <th key={name} scope="col" className={HEAD}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {queues.map((one) => (
          <tr key={one.queue} className="border-b border-line last:border-0">
            <th
              scope="row"
              className="py-2 text-left align-top min-w-24 font-medium [overflow-wrap:anywhere]"
            >
              {one.queue}
            </th>
            <Compared now={sayPace(one.mean_slots)} before={sayPace(one.mean_slots_before)} />
            <Compared now={sayCount(one.max_slots)} before={sayCount(one.max_slots_before)} />
            <Compared now={saySeconds(one.short_s)} before={saySeconds(one.short_s_before)} />
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Compared({ now, before }: { now: string; before: string }) {
  return (
    <td className={NUMBER}>
      <span className={classes('block', now !== before && 'font-medium')}>{now}</span>
      <span className="text-xs text-soft">{now === before ? 'as it was' : `was ${before}`}</span>
    </td>
  )
}

interface TabsProps {
  queues: string[]
  shown: string
  onShow: (queue: string) => void
}

function Tabs({ queues, shown, onShow }: TabsProps) {
  return (
    <div role="group" aria-label="Queue that is drawn" className="flex flex-wrap gap-0.5">
      {queues.map((queue) => (
        <button
          key={queue}
          type="button"
          aria-pressed={queue === shown}
          className={classes(
            'flex h-8 items-center rounded-full px-3 text-sm touch:h-11',
            queue === shown
              ? 'bg-accent-wash font-medium text-accent'
              : 'text-soft hover:bg-hover hover:text-ink',
          )}
          onClick={() => onShow(queue)}
        >
          {queue}
        </button>
      ))}
    </div>
  )
}

function Drawing({ replay, queue }: { replay: Replay; queue: string }) {
  const { points } = replay
  return (
    <TimeChart
      title={`Slots of ${queue}`}
      summary={`The slots ${queue} had, and would have had, at ${sayCount(points.length)} moments`}
      times={timesOf(replay, accountZone())}
      say={sayCount}
      series={[
        {
          name: 'As it was',
          drawn: 'bars',
          look: 'edge',
          values: points.map((point) => point.slots_before[queue] ?? null),
        },
        {
          name: 'What if',
          drawn: 'line',
          look: 'accent',
          values: points.map((point) => point.slots[queue] ?? null),
        },
      ]}
    />
  )
}
