import type { QueryKey } from '@tanstack/react-query'
import { say, sayWithUndo } from '#lib/toasts.ts'
import { answer, api, ApiError, idempotencyKey, sayError } from './client.ts'
import { accountToday, labelsQuery, queryClient, statisticsQuery, taskQuery } from './queries.ts'
import {
  applyChange,
  findIn,
  inverseOf,
  placeTask,
  sweep,
  withoutTask,
  type Patch,
  type TaskPages,
} from './task-cache.ts'
import type { TaskFilter } from './task-filter.ts'
import type { NewTask, Task, TaskChange } from './types.ts'

/*
 * Everything that changes a task. Each action shows its result at once, sends it, and puts the
 * old state back with an explanation when the server refuses. Changes to one task run in order.
 */

/** How long a row that no longer belongs stays visible, so that a tick can be seen. */
const LINGER_MS = 650
const BULK_LIMIT = 1000
const UNSENT = 'new:'

export interface Edit {
  id: string
  change: TaskChange
}

/** True for a row that is shown before the server has given it an id. */
export const isUnsent = (id: string) => id.startsWith(UNSENT)

const lists = () => queryClient.getQueriesData<TaskPages>({ queryKey: ['tasks'] })
const filterOf = (key: QueryKey) => key[1] as TaskFilter

function eachList(change: (pages: TaskPages, filter: TaskFilter) => TaskPages) {
  for (const [key, pages] of lists()) {
    if (pages) queryClient.setQueryData<TaskPages>(key, change(pages, filterOf(key)))
  }
}

/** The newest copy of a task this page holds. */
export function knownTask(id: string): Task | undefined {
  const single = queryClient.getQueryData<Task>(taskQuery(id).queryKey)
  if (single) return single
  for (const [, pages] of lists()) {
    const task = pages && findIn(pages, id)
    if (task) return task
  }
  return undefined
}

/** The versions of tasks that this page has put where its lists want them. */
const placed = new Map<string, number>()

/** Whether every list of this page shows the task as it was in this version, or later. */
export const hasPlaced = (id: string, version: number) => (placed.get(id) ?? 0) >= version

function show(task: Task, linger: boolean) {
  placed.set(task.id, task.version)
  const today = accountToday()
  eachList((pages, filter) => placeTask(pages, task, filter, today, linger))
  queryClient.setQueryData<Task>(taskQuery(task.id).queryKey, task)
}

let sweeping: ReturnType<typeof setTimeout> | undefined

/** Clears lingering rows away, once things have been quiet for a moment. */
function sweepSoon() {
  clearTimeout(sweeping)
  sweeping = setTimeout(() => {
    const today = accountToday()
    eachList((pages, filter) => sweep(pages, filter, today))
  }, LINGER_MS)
}

/** Lets the counts, and lists that are not shown, catch up with a saved change. */
function settle() {
  for (const queryKey of [labelsQuery.queryKey, statisticsQuery.queryKey, ['notifications'], ['activity']]) {
    void queryClient.invalidateQueries({ queryKey })
  }
  void queryClient.invalidateQueries({ queryKey: ['tasks'], refetchType: 'none' })
}

interface Attempt {
  tasks: Task[]
  patch: (task: Task) => Patch
  send: () => Promise<Task[]>
  scope: string
  /** Rows that leave the list stay a moment, so that the person sees what they did. */
  linger?: boolean
}

/** Shows, sends, and rolls back: the one path every change of existing tasks takes. */
async function attempt({ tasks, patch, send, scope, linger = false }: Attempt): Promise<boolean> {
  await queryClient.cancelQueries({ queryKey: ['tasks'] })
  const now = new Date().toISOString()
  const patches = new Map(tasks.map((task) => [task.id, patch(task)]))
  for (const task of tasks) show(applyChange(task, patches.get(task.id) ?? {}, now), linger)
  if (linger) sweepSoon()
  const mutation = queryClient
    .getMutationCache()
    .build(queryClient, { mutationFn: send, scope: { id: scope } })
  try {
    for (const task of await mutation.execute(undefined)) show(task, linger)
    return true
  } catch (error) {
    for (const task of tasks) {
      const current = knownTask(task.id) ?? task
      const before = Object.fromEntries(
        [...Object.keys(patches.get(task.id) ?? {}), 'completed_at'].map((field) => [
          field,
          task[field as keyof Task],
        ]),
      )
      show({ ...current, ...before }, false)
    }
    await explain(error, tasks)
    return false
  } finally {
    settle()
  }
}

async function explain(error: unknown, tasks: Task[]) {
  const [task] = tasks
  if (error instanceof ApiError && error.status === 412 && task) {
    show(await queryClient.fetchQuery({ ...taskQuery(task.id), staleTime: 0 }), false)
    say('This task was changed somewhere else. Here is the newest version.', { tone: 'danger' })
  } else if (!(error instanceof ApiError && error.status === 401)) {
    say(`Not saved: ${sayError(error)}`, { tone: 'danger' })
  }
}

function patchOne(id: string, change: TaskChange, guarded: boolean) {
  return async () => {
    // Read when it is this change's turn, so that it names the version the one before produced.
    const version = knownTask(id)?.version
    const headers = guarded && version ? { 'If-Match': `"${version}"` } : {}
    return [
      await answer(api.PATCH('/api/v1/tasks/{id}', { params: { path: { id } }, headers, body: change })),
    ]
  }
}

function bulk(ids: string[], what: { change: TaskChange } | { delete: true } | { restore: true }) {
  return async () => {
    const changed: Task[] = []
    for (let start = 0; start < ids.length; start += BULK_LIMIT) {
      const part = ids.slice(start, start + BULK_LIMIT)
      const { data } = await answer(
        api.POST('/api/v1/tasks/bulk', {
          headers: { 'Idempotency-Key': idempotencyKey() },
          body: { ids: part, ...what },
        }),
      )
      changed.push(...data)
    }
    return changed
  }
}

/**
 * Changes tasks, each in its own way. `said` names it in a toast with an undo; `guarded` refuses
 * to overwrite a version this page has not seen.
 */
export function edit(edits: Edit[], options: { said?: string; guarded?: boolean } = {}): Promise<boolean> {
  const real = edits.flatMap(({ id, change }) => {
    const task = isUnsent(id) ? undefined : knownTask(id)
    return task ? [{ task, change }] : []
  })
  if (real.length === 0) return Promise.resolve(true)
  const inverse = real.map(({ task, change }) => ({ id: task.id, change: inverseOf(task, change) }))
  if (options.said) sayWithUndo(options.said, () => void edit(inverse))

  const groups = new Map<string, { tasks: Task[]; change: TaskChange }>()
  for (const { task, change } of real) {
    const key = JSON.stringify(change)
    const group = groups.get(key) ?? { tasks: [], change }
    group.tasks.push(task)
    groups.set(key, group)
  }
  return Promise.all(
    [...groups.values()].map(({ tasks, change }) => {
      const [first] = tasks
      const alone = tasks.length === 1 && first
      return attempt({
        tasks,
        patch: () => change as Patch,
        send: alone
          ? patchOne(first.id, change, options.guarded ?? false)
          : bulk(
              tasks.map((task) => task.id),
              { change },
            ),
        scope: alone ? `task-${first.id}` : 'tasks',
        linger: true,
      })
    }),
  ).then((results) => results.every(Boolean))
}

const known = (ids: string[]) => ids.flatMap((id) => (isUnsent(id) ? [] : (knownTask(id) ?? [])))
const count = (tasks: Task[]) => (tasks.length === 1 ? `“${tasks[0]?.title}”` : `${tasks.length} tasks`)

export function moveToTrash(ids: string[]): Promise<boolean> {
  const tasks = known(ids)
  if (tasks.length === 0) return Promise.resolve(true)
  sayWithUndo(`Moved ${count(tasks)} to the trash`, () => void restore(ids))
  const deleted_at = new Date().toISOString()
  return attempt({
    tasks,
    patch: () => ({ deleted_at }),
    send: bulk(
      tasks.map((task) => task.id),
      { delete: true },
    ),
    scope: 'tasks',
  })
}

export function restore(ids: string[], said?: string): Promise<boolean> {
  const tasks = known(ids)
  if (tasks.length === 0) return Promise.resolve(true)
  if (said) sayWithUndo(said, () => void moveToTrash(ids))
  return attempt({
    tasks,
    patch: () => ({ deleted_at: null }),
    send: bulk(
      tasks.map((task) => task.id),
      { restore: true },
    ),
    scope: 'tasks',
  })
}

/** Ticks the tasks, or opens them again when all of them are done already. */
export function toggleCompleted(ids: string[]): Promise<boolean> {
  const tasks = known(ids)
  const reopen = tasks.every((task) => task.status === 'completed')
  const status = reopen ? 'pending' : 'completed'
  const changed = tasks.filter((task) => reopen || task.status !== 'completed')
  return edit(
    changed.map(({ id }) => ({ id, change: { status } })),
    { said: `${reopen ? 'Opened' : 'Completed'} ${count(changed)}` },
  )
}

/** Adds a task: its row stands in the list before the server has answered. */
export async function create(task: NewTask): Promise<Task | null> {
  // An answer from before would take the row away again.
  void queryClient.cancelQueries({ queryKey: ['tasks'] })
  const now = new Date().toISOString()
  const provisional: Task = {
    id: UNSENT + idempotencyKey(),
    description: '',
    status: 'pending',
    due_date: null,
    due_time: null,
    priority: 'none',
    labels: [],
    completed_at: null,
    created_at: now,
    updated_at: now,
    version: 0,
    snoozed_until: null,
    muted: false,
    deleted_at: null,
    ...task,
  } as Task
  const today = accountToday()
  eachList((pages, filter) => placeTask(pages, provisional, filter, today))
  const key = idempotencyKey()
  const mutation = queryClient.getMutationCache().build(queryClient, {
    mutationFn: () => answer(api.POST('/api/v1/tasks', { headers: { 'Idempotency-Key': key }, body: task })),
    // Safe to repeat: the key makes the server count it once.
    retry: (failures: number, error: unknown) =>
      failures < 2 && error instanceof ApiError && error.status === 0,
    scope: { id: 'create' },
  })
  try {
    const created = await mutation.execute(undefined)
    eachList((pages) => withoutTask(pages, provisional.id))
    show(created, false)
    return created
  } catch (error) {
    eachList((pages) => withoutTask(pages, provisional.id))
    await explain(error, [])
    return null
  } finally {
    settle()
  }
}
