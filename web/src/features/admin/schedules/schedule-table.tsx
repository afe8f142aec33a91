import type { Schedule } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { sayMeasured } from '../queue/words.ts'
import { sayTotal } from '../words.ts'
import {
  CATCH_UP,
  LastRun,
  NextRun,
  ScheduleButtons,
  ScheduleName,
  ScheduleNotes,
  type ScheduleProps,
} from './schedule-parts.tsx'

const HEAD = 'py-2 text-xs font-medium whitespace-nowrap text-soft'
const CELL = 'py-3 pl-4 align-top tabular-nums whitespace-nowrap'

type ScheduleTableProps = { schedules: Schedule[] } & Omit<ScheduleProps, 'schedule'>

export function ScheduleTable({ schedules, now, onPause }: ScheduleTableProps) {
  return (
    <table className="w-full text-sm">
      <thead>
        <tr className="border-b border-line">
          <th scope="col" className={classes(HEAD, 'text-left')}>
            Schedule
          </th>
          {['Comes back', 'Next', 'Last'].map((name) => (
            <th key={name} scope="col" className={classes(HEAD, 'pl-4 text-left')}>
              {name}
            </th>
          ))}
          {['Took', 'Missed'].map((name) => (
            <th key={name} scope="col" className={classes(HEAD, 'pl-4 text-right')}>
              {name}
            </th>
          ))}
          <th scope="col" className="w-44">
            <span className="sr-only">Run, pause or resume</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {schedules.map((schedule) => (
          <Row key={schedule.name} schedule={schedule} now={now} onPause={onPause} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ schedule, now, onPause }: ScheduleProps) {
  const { name, cadence, zone, catch_up: catchUp, missed, last_run_ms: took } = schedule
  return (
    <tr data-row={name} className="border-b border-line last:border-0">
      <th scope="row" className="min-w-40 py-3 text-left align-top font-normal">
        <ScheduleName schedule={schedule} />
        <ScheduleNotes schedule={schedule} now={now} />
      </th>
      <td className={CELL}>
        {cadence}
        <span className="block text-xs text-soft">
          {zone}, {CATCH_UP[catchUp]}
        </span>
      </td>
      <td className={CELL}>
        <NextRun schedule={schedule} now={now} />
      </td>
      <td className={CELL}>
        <LastRun schedule={schedule} now={now} />
      </td>
      <td className={classes(CELL, 'text-right')}>{sayMeasured(took)}</td>
      <td className={classes(CELL, 'text-right', missed === 0 && 'text-soft')}>{sayTotal(missed)}</td>
      <td className="py-1.5 pl-4 align-top">
        <ScheduleButtons schedule={schedule} onPause={onPause} />
      </td>
    </tr>
  )
}
