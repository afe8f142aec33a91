import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react'
import { addDays, addMonths, fullDate, monthName, weekdayOf } from '#lib/dates.ts'
import { classes } from '#lib/classes.ts'
import { IconButton } from './button.tsx'

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const WEEKS = 6

const STEPS: Record<string, (date: string) => string> = {
  ArrowLeft: (date) => addDays(date, -1),
  ArrowRight: (date) => addDays(date, 1),
  ArrowUp: (date) => addDays(date, -7),
  ArrowDown: (date) => addDays(date, 7),
  PageUp: (date) => addMonths(date, -1),
  PageDown: (date) => addMonths(date, 1),
  Home: (date) => addDays(date, -weekdayOf(date)),
  End: (date) => addDays(date, 6 - weekdayOf(date)),
}

interface CalendarProps {
  value: string | null
  today: string
  onPick: (date: string) => void
}

/** A month to pick a day from: arrows move by day and week, Page Up and Down by month. */
export function Calendar({ value, today, onPick }: CalendarProps) {
  const [cursor, setCursor] = useState(value ?? today)
  const grid = useRef<HTMLTableElement>(null)
  const moved = useRef(false)
  useLayoutEffect(() => {
    if (moved.current) grid.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus()
    moved.current = false
  }, [cursor])

  const first = `${cursor.slice(0, 8)}01`
  const start = addDays(first, -weekdayOf(first))
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (!step) return
    event.preventDefault()
    moved.current = true
    setCursor(step)
  }
  return (
    <div className="grid gap-1">
      <div className="flex items-center justify-between">
        <span aria-live="polite" className="pl-2 text-sm font-medium">
          {monthName(cursor)}
        </span>
        <span className="flex">
          <IconButton
            label="Previous month"
            icon={<ChevronLeft size={16} aria-hidden />}
            onClick={() => setCursor(addMonths(cursor, -1))}
          />
          <IconButton
            label="Next month"
            icon={<ChevronRight size={16} aria-hidden />}
            onClick={() => setCursor(addMonths(cursor, 1))}
          />
        </span>
      </div>
      <table
        ref={grid}
        role="grid"
        aria-label={monthName(cursor)}
        className="w-full border-collapse"
        onKeyDown={onKeyDown}
      >
        <thead>
          <tr>
            {WEEKDAYS.map((day) => (
              <th key={day} scope="col" abbr={day} className="h-7 text-xs font-normal text-soft">
                {day.slice(0, 2)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: WEEKS }, (_, week) => (
            <tr key={week}>
              {WEEKDAYS.map((day, index) => {
                const date = addDays(start, week * 7 + index)
                const chosen = date === value
                return (
                  <td key={day} role="gridcell" aria-selected={chosen} className="p-0">
                    <button
                      type="button"
                      tabIndex={date === cursor ? 0 : -1}
                      aria-label={fullDate(date)}
                      aria-current={date === today ? 'date' : undefined}
                      className={classes(
                        'grid h-8 w-full min-w-8 place-items-center rounded-md text-sm tabular-nums touch:h-11',
                        chosen ? 'bg-accent font-medium text-accent-ink' : 'hover:bg-hover',
                        !chosen && date === today && 'font-semibold text-accent',
                        !chosen && date.slice(0, 7) !== cursor.slice(0, 7) && 'text-soft',
                      )}
                      onClick={() => onPick(date)}
                    >
                      {Number(date.slice(8))}
                    </button>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
