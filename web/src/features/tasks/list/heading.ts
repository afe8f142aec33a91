import type { TaskFilter } from '#api/task-filter.ts'
import { STATUS_NAMES, type Status } from '#api/types.ts'

const DUE_TITLES = { overdue: 'Overdue', today: 'Today', tomorrow: 'Tomorrow', week: 'Upcoming' }

/** What a list is called, from what it shows. */
export function titleOf({ q, label, due, status }: TaskFilter): string {
  if (q) return `“${q}”`
  if (label) return label
  if (due) return DUE_TITLES[due]
  if (status === 'all') return 'All tasks'
  if (status === 'completed') return 'Completed'
  if (status && status in STATUS_NAMES) return STATUS_NAMES[status as Status]
  return 'All open'
}

/** The next step when a list is empty. */
export function emptyWords({ q, due, status, label }: TaskFilter): { title: string; text: string } {
  if (q) return { title: 'Nothing matches', text: 'Try fewer words, or show all statuses.' }
  if (due === 'overdue')
    return { title: 'Nothing is overdue', text: 'Everything with a date is still ahead of you.' }
  if (due === 'today')
    return { title: 'Nothing due today', text: 'Enjoy it, or pull something forward from Upcoming.' }
  if (due === 'week') return { title: 'A free week', text: 'Nothing is due in the next seven days.' }
  if (due) return { title: 'Nothing due then', text: 'Press Q to add a task.' }
  if (status === 'completed')
    return { title: 'Nothing completed yet', text: 'What you tick off is kept here.' }
  if (label) return { title: 'Nothing with this label', text: `Add one by typing #${label} in a new task.` }
  return {
    title: 'All clear',
    text: 'Press Q and type something like “Pay rent tomorrow 18:00 #home !high”.',
  }
}
