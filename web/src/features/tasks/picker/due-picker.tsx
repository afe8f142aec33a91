import { useState } from 'react'
import { addDays, sayDue, weekdayOf } from '#lib/dates.ts'
import { parseQuickAdd } from '#lib/quick-add.ts'
import { Button } from '#ui/button.tsx'
import { Calendar } from '#ui/calendar.tsx'
import { INPUT } from '#ui/field.tsx'

interface DuePickerProps {
  date: string | null
  time: string | null
  today: string
  onPick: (date: string | null, time: string | null) => void
  onDone: () => void
}

/** A day and a time: typed in words, taken from a preset, or picked from the month. */
export function DuePicker({ date, time, today, onPick, onDone }: DuePickerProps) {
  const [text, setText] = useState('')
  const read = parseQuickAdd(text, { today })
  const typed = text && read.due_date ? { date: read.due_date, time: read.due_time ?? time } : null
  const pick = (next: string | null, at = time) => {
    onPick(next, next ? at : null)
    onDone()
  }
  const presets: [string, string | null][] = [
    ['Today', today],
    ['Tomorrow', addDays(today, 1)],
    ['Next week', addDays(today, 7 - weekdayOf(today))],
    ['No date', null],
  ]
  return (
    <div className="grid w-72 gap-3 p-3">
      <form
        className="grid gap-1"
        onSubmit={(event) => {
          event.preventDefault()
          if (typed) pick(typed.date, typed.time)
        }}
      >
        <input
          autoFocus
          aria-label="Type a date"
          placeholder="Type a date, like “fri 9am”"
          autoComplete="off"
          className={INPUT}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {text ? (
          <p role="status" className="px-1 text-xs text-soft">
            {typed ? `Enter for ${sayDue(typed.date, typed.time, today)}` : 'No date understood yet'}
          </p>
        ) : null}
      </form>
      <div className="grid grid-cols-2 gap-1">
        {presets.map(([label, value]) => (
          <Button key={label} onClick={() => pick(value)}>
            {label}
          </Button>
        ))}
      </div>
      <Calendar value={date} today={today} onPick={(next) => pick(next)} />
      <label className="flex items-center justify-between gap-3 border-t border-line pt-3 text-sm">
        Time
        <input
          type="time"
          className={`${INPUT} max-w-32`}
          value={time ?? ''}
          onChange={(event) => onPick(date ?? today, event.target.value || null)}
        />
      </label>
    </div>
  )
}

interface SnoozePickerProps {
  until: string | null
  today: string
  onPick: (date: string | null) => void
  onDone: () => void
}

/** The first day reminders of a task come again. */
export function SnoozePicker({ until, today, onPick, onDone }: SnoozePickerProps) {
  const pick = (date: string | null) => {
    onPick(date)
    onDone()
  }
  return (
    <div className="grid w-72 gap-3 p-3">
      <p className="text-sm text-soft">No reminders until</p>
      <div className="grid grid-cols-2 gap-1">
        <Button onClick={() => pick(addDays(today, 1))}>Tomorrow</Button>
        <Button onClick={() => pick(addDays(today, 7 - weekdayOf(today)))}>Next week</Button>
      </div>
      <Calendar value={until} today={today} onPick={(date) => date > today && pick(date)} />
      {until ? <Button onClick={() => pick(null)}>End the snooze</Button> : null}
    </div>
  )
}
