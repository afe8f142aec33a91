import type { Due, Sort } from '#api/task-filter.ts'

/** The ways a list can be narrowed or ordered, as its bar shows them. */
export const FACETS = ['Status', 'Due', 'Priority', 'Label', 'Sort'] as const
export type Facet = (typeof FACETS)[number]

export const SORT_NAMES: Partial<Record<Sort, string>> = {
  due_date: 'Due date',
  '-due_date': 'Due date, latest first',
  priority: 'Priority',
  title: 'Title',
  '-created_at': 'Newest',
  created_at: 'Oldest',
  '-updated_at': 'Last changed',
}
export const DUE_NAMES: Record<Due, string> = {
  overdue: 'Overdue',
  today: 'Today',
  tomorrow: 'Tomorrow',
  week: 'Next 7 days',
}
