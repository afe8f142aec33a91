import { Calendar } from 'lucide-react'
import { PRIORITY_NAMES, type Priority, type Task } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { fullDate, sayDue } from '#lib/dates.ts'

const BARS: Record<Priority, number> = { none: 0, low: 1, medium: 2, high: 3 }

/** Priority as one to three bars: told by shape, not by colour. */
export function PriorityMark({ priority, quiet = false }: { priority: Priority; quiet?: boolean }) {
  const filled = BARS[priority]
  if (filled === 0 && quiet) return null
  const name = filled === 0 ? PRIORITY_NAMES.none : `${PRIORITY_NAMES[priority]} priority`
  return (
    <svg
      width="14"
      height="14"
      viewBox="0 0 14 14"
      role="img"
      aria-label={name}
      className="shrink-0 overflow-visible"
    >
      <title>{name}</title>
      {[0, 1, 2].map((bar) => (
        <rect
          key={bar}
          x={1 + bar * 4.5}
          y={8 - bar * 3}
          width="3"
          height={5 + bar * 3}
          rx="1"
          fill="currentColor"
          className={bar < filled ? (filled === 3 ? 'text-danger' : 'text-ink') : 'text-line'}
        />
      ))}
    </svg>
  )
}

const HUES = [18, 55, 95, 150, 190, 230, 275, 310, 345]

/** A label's own hue, always the same for the same name. */
function hueOf(name: string) {
  let hash = 7
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 9973
  return HUES[hash % HUES.length]
}

export function LabelDot({ name }: { name: string }) {
  return (
    <span
      aria-hidden
      className="size-2 shrink-0 rounded-full forced-colors:border"
      style={{ background: `oklch(0.66 0.12 ${hueOf(name)})` }}
    />
  )
}

export function LabelChip({ name }: { name: string }) {
  return (
    <span className="inline-flex h-5 max-w-32 items-center gap-1.5 rounded-full border border-line px-2 text-xs text-soft">
      <LabelDot name={name} />
      <span className="truncate">{name}</span>
    </span>
  )
}

type DueTask = Pick<Task, 'due_date' | 'due_time' | 'status'>

const isOverdue = (task: DueTask, today: string) =>
  task.due_date !== null && task.due_date < today && task.status !== 'completed'

/** When a task is due, near dates in words; overdue is said, not only coloured. */
export function DueMark({ task, today, icon = false }: { task: DueTask; today: string; icon?: boolean }) {
  if (!task.due_date) return null
  const overdue = isOverdue(task, today)
  const now = task.due_date === today && task.status !== 'completed'
  return (
    <span
      title={`${overdue ? 'Overdue: ' : 'Due '}${fullDate(task.due_date)}${task.due_time ? `, ${task.due_time}` : ''}`}
      className={classes(
        'inline-flex shrink-0 items-center gap-1 text-xs whitespace-nowrap tabular-nums',
        overdue ? 'font-medium text-danger' : now ? 'font-medium text-accent' : 'text-soft',
      )}
    >
      {icon ? <Calendar size={12} aria-hidden /> : null}
      {overdue ? <span className="sr-only">Overdue: </span> : null}
      {sayDue(task.due_date, task.due_time, today)}
    </span>
  )
}
