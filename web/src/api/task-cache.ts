import type { InfiniteData } from '@tanstack/react-query'
import { compare, matches, sortOf, type TaskFilter } from './task-filter.ts'
import type { Task, TaskChange, TaskList } from './types.ts'

/** A list as Query keeps it: the pages read so far. */
export type TaskPages = InfiniteData<TaskList, string | null>

export type Patch = Partial<Task>

/** The task after a change, as the server will answer it: completion time follows the status. */
export function applyChange(task: Task, change: Patch, now: string): Task {
  const next = { ...task, ...change }
  if (change.status && change.status !== task.status) {
    next.completed_at = change.status === 'completed' ? now : null
  }
  return next
}

/** The change that takes `change` back, given the task as it was before. */
export function inverseOf(task: Task, change: TaskChange): TaskChange {
  return Object.fromEntries(
    Object.keys(change).map((field) => [field, task[field as keyof Task]]),
  ) as TaskChange
}

export function findIn(pages: TaskPages, id: string): Task | undefined {
  for (const page of pages.pages) {
    const task = page.data.find((item) => item.id === id)
    if (task) return task
  }
  return undefined
}

function mapPages(pages: TaskPages, change: (tasks: Task[]) => Task[]): TaskPages {
  let changed = false
  const next = pages.pages.map((page) => {
    const data = change(page.data)
    if (data === page.data) return page
    changed = true
    return { ...page, data }
  })
  return changed ? { ...pages, pages: next } : pages
}

export const withoutTask = (pages: TaskPages, id: string): TaskPages =>
  mapPages(pages, (tasks) =>
    tasks.some((task) => task.id === id) ? tasks.filter((task) => task.id !== id) : tasks,
  )

function insertSorted(pages: TaskPages, task: Task, filter: TaskFilter): TaskPages {
  const order = compare(sortOf(filter))
  for (const [index, page] of pages.pages.entries()) {
    const place = page.data.findIndex((item) => order(task, item) < 0)
    const last = index === pages.pages.length - 1
    if (place < 0 && !(last && page.next_cursor === null)) continue
    const data = page.data.toSpliced(place < 0 ? page.data.length : place, 0, task)
    return { ...pages, pages: pages.pages.with(index, { ...page, data }) }
  }
  return pages
}

/**
 * Puts a task where a list wants it: into its sorted place, or out when it no longer belongs.
 * With `linger`, a task that has just stopped matching stays where it is for a moment, so the
 * person sees what they did before the row leaves.
 */
export function placeTask(
  pages: TaskPages,
  task: Task,
  filter: TaskFilter,
  today: string,
  linger = false,
): TaskPages {
  const present = findIn(pages, task.id)
  const belongs = matches(task, filter, today)
  if (!present) return belongs ? insertSorted(pages, task, filter) : pages
  if (!belongs && !linger) return withoutTask(pages, task.id)
  if (!belongs || compare(sortOf(filter))(present, task) === 0) {
    return mapPages(pages, (tasks) =>
      tasks.some((item) => item.id === task.id)
        ? tasks.map((item) => (item.id === task.id ? task : item))
        : tasks,
    )
  }
  return insertSorted(withoutTask(pages, task.id), task, filter)
}

/** Drops the rows that were left standing although they no longer match. */
export const sweep = (pages: TaskPages, filter: TaskFilter, today: string): TaskPages =>
  mapPages(pages, (tasks) => {
    const kept = tasks.filter((task) => matches(task, filter, today))
    return kept.length === tasks.length ? tasks : kept
  })
