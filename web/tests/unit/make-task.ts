import type { Task } from '#api/types.ts'
import type { TaskPages } from '#api/task-cache.ts'

/** A task with believable values, changed where the test cares. */
export const makeTask = (change: Partial<Task> = {}): Task => ({
  id: 'a',
  title: 'Pay rent',
  description: '',
  status: 'pending',
  due_date: null,
  due_time: null,
  priority: 'none',
  labels: [],
  completed_at: null,
  created_at: '2026-11-01T08:00:00Z',
  updated_at: '2026-11-01T08:00:00Z',
  version: 1,
  snoozed_until: null,
  muted: false,
  deleted_at: null,
  ...change,
})

/** Pages as Query keeps them; all but the last have a next one. */
export const makePages = (...pages: Task[][]): TaskPages => ({
  pages: pages.map((data, index) => ({
    data,
    next_cursor: index < pages.length - 1 ? `page-${index + 1}` : null,
  })),
  pageParams: pages.map((_, index) => (index === 0 ? null : `page-${index}`)),
})

export const idsOf = (pages: TaskPages) => pages.pages.map((page) => page.data.map((task) => task.id))
