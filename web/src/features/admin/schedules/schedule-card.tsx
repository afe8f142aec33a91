import { Fact } from '../fact.tsx'
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

/** A schedule where there is no room for the table. */
export function ScheduleCard({ schedule, now, onPause }: ScheduleProps) {
  const { name, cadence, zone, catch_up: catchUp, missed, last_run_ms: took } = schedule
  return (
    <li
      data-row={name}
      className="grid grid-cols-[minmax(0,1fr)] content-start gap-3 rounded-xl p-4 shadow-sheet"
    >
      <div>
        <h3>
          <ScheduleName schedule={schedule} />
        </h3>
        <p className="text-sm text-soft">
          {cadence}, {zone}, {CATCH_UP[catchUp]}
        </p>
        <ScheduleNotes schedule={schedule} now={now} />
      </div>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 sm:max-lg:grid-cols-4">
        <Fact name="Next">
          <NextRun schedule={schedule} now={now} />
        </Fact>
        <Fact name="Last">
          <LastRun schedule={schedule} now={now} />
        </Fact>
        <Fact name="Took">{sayMeasured(took)}</Fact>
        <Fact name="Missed">{sayTotal(missed)}</Fact>
      </dl>
      <ScheduleButtons schedule={schedule} onPause={onPause} />
    </li>
  )
}
