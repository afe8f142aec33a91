import { addDays } from '#lib/dates.ts'
import type { Priority, Status, Task } from './types.ts'

export type Due = 'overdue' | 'today' | 'tomorrow' | 'week'
export type Sort =
  | 'due_date'
  | '-due_date'
  | 'created_at'
  | '-created_at'
  | 'updated_at'
  | '-updated_at'
  | 'priority'
  | '-priority'
  | 'title'

/** Which tasks a list shows. Lives in the address, so every view can be linked and kept. */
export interface TaskFilter {
  /** Comma-separated statuses; absent means the open ones, "all" means every one. */
  status?: string
  due?: Due
  /** Comma-separated priorities. */
  priority?: string
  label?: string
  q?: string
  sort?: Sort
  trash?: true
}

const DUES: readonly string[] = ['overdue', 'today', 'tomorrow', 'week'] satisfies Due[]
const SORTS: readonly Sort[] = [
  'due_date',
  '-due_date',
  'priority',
  'title',
  '-created_at',
  'created_at',
  '-updated_at',
]
const OPEN: readonly Status[] = ['pending', 'in_progress']

const some = (text: unknown, allowed: readonly string[]) => {
  if (typeof text !== 'string') return undefined
  const kept = text.split(',').filter((part) => allowed.includes(part))
  return kept.length > 0 ? kept.join(',') : undefined
}

const words = (value: unknown) => (typeof value === 'string' && value.trim() ? value : undefined)

/** Reads a filter from the address; anything unknown is left out rather than sent. */
export function parseFilter(search: Record<string, unknown>): TaskFilter {
  const filter: TaskFilter = {
    status: search.status === 'all' ? 'all' : some(search.status, ['pending', 'in_progress', 'completed']),
    due: some(search.due, DUES) as Due | undefined,
    priority: some(search.priority, ['none', 'low', 'medium', 'high']),
    label: words(search.label),
    q: words(search.q),
    sort: SORTS.find((sort) => sort === search.sort),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

export const statusesOf = (filter: TaskFilter): readonly Status[] | null =>
  filter.trash || filter.status === 'all'
    ? null
    : filter.status
      ? (filter.status.split(',') as Status[])
      : OPEN

export const sortOf = (filter: TaskFilter): Sort =>
  filter.sort ?? (filter.trash || filter.status === 'completed' ? '-updated_at' : 'due_date')

/** The filter as the API's query parameters. */
export function toQuery(filter: TaskFilter) {
  return {
    status: statusesOf(filter)?.join(','),
    due: filter.due,
    priority: filter.priority,
    label: filter.label,
    q: filter.q,
    sort: sortOf(filter),
    trash: filter.trash,
  }
}

function matchesDue(task: Task, due: Due | undefined, today: string) {
  if (!due) return true
  const date = task.due_date
  if (!date) return false
  if (due === 'overdue') return date < today && task.status !== 'completed'
  if (due === 'today') return date === today
  if (due === 'tomorrow') return date === addDays(today, 1)
  return date >= today && date <= addDays(today, 6)
}

/** Whether the server would list this task under the filter: lets a change show before its answer. */
export function matches(task: Task, filter: TaskFilter, today: string): boolean {
  if (Boolean(task.deleted_at) !== Boolean(filter.trash)) return false
  const statuses = statusesOf(filter)
  if (statuses && !statuses.includes(task.status)) return false
  if (filter.priority && !filter.priority.split(',').includes(task.priority)) return false
  if (filter.label && !task.labels.includes(filter.label)) return false
  if (filter.q && !`${task.title}\n${task.description}`.toLowerCase().includes(filter.q.toLowerCase()))
    return false
  return matchesDue(task, filter.due, today)
}

const WEIGHT: Record<Priority, number> = { high: 0, medium: 1, low: 2, none: 3 }

function sortKey(task: Task, field: string): string | number {
  if (field === 'due_date') return `${task.due_date ?? '9999-12-31'} ${task.due_time ?? '99:99'}`
  if (field === 'priority') return WEIGHT[task.priority]
  if (field === 'title') return task.title.toLowerCase()
  return field === 'created_at' ? task.created_at : task.updated_at
}

/** Orders two tasks as the server does, so that a new or changed one lands in its place. */
export function compare(sort: Sort): (a: Task, b: Task) => number {
  const descending = sort.startsWith('-')
  const field = descending ? sort.slice(1) : sort
  return (a, b) => {
    const left = sortKey(a, field)
    const right = sortKey(b, field)
    if (left === right) return 0
    return (left < right ? -1 : 1) * (descending ? -1 : 1)
  }
}
