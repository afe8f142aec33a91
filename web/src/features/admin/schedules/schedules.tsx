import { useQuery } from '@tanstack/react-query'
import { CalendarClock } from 'lucide-react'
import { useRef, useState } from 'react'
import type { Schedule } from '#api/types.ts'
import { useHotkeys } from '#lib/hotkeys.ts'
import { useMedia } from '#lib/use-media.ts'
import { Section } from '#ui/section.tsx'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { Outdated } from '../alarm.tsx'
import { resume } from '../queue/job-actions.ts'
import { PauseDialog } from '../queue/pause-dialog.tsx'
import { schedulesQuery } from '../queue/queries.ts'
import { useRows } from '../queue/use-rows.ts'
import { sayName } from '../queue/words.ts'
import { runNow } from './run-now.ts'
import { ScheduleCard } from './schedule-card.tsx'
import { ScheduleTable } from './schedule-table.tsx'

/** Too narrow for the table beside the navigation. */
const CROWDED = '(width < 1200px)'

/** What comes back at certain times: when it did last, and when it will. */
export function SchedulesPage() {
  const { data, isError, error, refetch, dataUpdatedAt } = useQuery(schedulesQuery)
  if (!data) {
    return isError ? (
      <ErrorState error={error} retry={() => void refetch()} />
    ) : (
      <Waiting what="the schedules" />
    )
  }
  return (
    <>
      {isError ? <Outdated error={error} since={dataUpdatedAt} /> : null}
      {data.data.length === 0 ? (
        <EmptyState icon={<CalendarClock size={28} aria-hidden />} title="Nothing comes back by itself">
          Schedules stand here once a node that schedules has started.
        </EmptyState>
      ) : (
        <List schedules={data.data} now={dataUpdatedAt} />
      )}
    </>
  )
}

function List({ schedules, now }: { schedules: Schedule[]; now: number }) {
  const isCrowded = useMedia(CROWDED)
  const [pausing, setPausing] = useState<string | null>(null)
  const root = useRef<HTMLDivElement>(null)
  const focused = useRows(
    root,
    schedules.map(({ name }) => name),
  )
  const onFocused = (act: (schedule: Schedule) => void) => () => {
    const name = focused()
    const schedule = schedules.find((one) => one.name === name)
    if (!schedule) return false
    act(schedule)
  }
  // The same keys as elsewhere, for what is nearest to what they do there.
  useHotkeys({
    retry: onFocused(({ name }) => void runNow(name)),
    priority: onFocused(({ name, pause }) =>
      pause ? void resume('schedule', name, sayName(name)) : setPausing(name),
    ),
  })
  return (
    <Section
      title="Schedules"
      note="What comes back by itself, each time on one node. Run now pushes its job once more and leaves the next time as it is."
    >
      <div ref={root}>
        {isCrowded ? (
          <ul className="grid grid-cols-[minmax(0,1fr)] gap-3 lg:grid-cols-2">
            {schedules.map((schedule) => (
              <ScheduleCard key={schedule.name} schedule={schedule} now={now} onPause={setPausing} />
            ))}
          </ul>
        ) : (
          <ScheduleTable schedules={schedules} now={now} onPause={setPausing} />
        )}
      </div>
      {pausing ? <PauseDialog what={{ schedule: pausing }} onClose={() => setPausing(null)} /> : null}
    </Section>
  )
}
