import { addDays, longDay } from '#lib/dates.ts'
import { sortOf, statusesOf, type TaskFilter } from '#api/task-filter.ts'
import { PRIORITY_NAMES, type Task } from '#api/types.ts'

export type Line =
  | { kind: 'heading'; id: string; title: string; note?: string; count: number; urgent: boolean }
  | { kind: 'task'; id: string; task: Task }

interface Group {
  title: string
  note?: string
  urgent?: boolean
}

function dueGroup(task: Task, today: string, byDay: boolean, withCompleted: boolean): Group {
  const date = task.due_date
  if (!date) return { title: 'No date' }
  // Completed tasks stand between the overdue ones by date: one heading must do for both.
  if (date < today) return withCompleted ? { title: 'Earlier' } : { title: 'Overdue', urgent: true }
  if (date === today) return { title: 'Today', note: longDay(date) }
  if (date === addDays(today, 1)) return { title: 'Tomorrow', note: longDay(date) }
  if (byDay) {
    const [weekday = '', rest = ''] = longDay(date).split(', ')
    return { title: weekday, note: rest }
  }
  return date <= addDays(today, 6) ? { title: 'Next 7 days' } : { title: 'Later' }
}

/** Lays tasks out under headings, where the order makes headings possible. */
export function layOut(tasks: readonly Task[], filter: TaskFilter, today: string): Line[] {
  const sort = sortOf(filter)
  const withCompleted = statusesOf(filter)?.includes('completed') ?? true
  const grouping =
    sort === 'due_date' && (!filter.due || filter.due === 'week')
      ? (task: Task) => dueGroup(task, today, filter.due === 'week', withCompleted)
      : sort === 'priority' && !filter.priority
        ? (task: Task): Group => ({ title: PRIORITY_NAMES[task.priority] })
        : null
  const lines: Line[] = []
  let heading: Extract<Line, { kind: 'heading' }> | undefined
  for (const task of tasks) {
    if (grouping) {
      const group = grouping(task)
      if (heading?.title !== group.title) {
        heading = {
          kind: 'heading',
          id: `above-${task.id}`,
          title: group.title,
          note: group.note,
          count: 0,
          urgent: group.urgent ?? false,
        }
        lines.push(heading)
      }
      heading.count++
    }
    lines.push({ kind: 'task', id: task.id, task })
  }
  return lines
}
