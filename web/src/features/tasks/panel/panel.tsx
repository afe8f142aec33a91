import { useQuery } from '@tanstack/react-query'
import { Ellipsis, X } from 'lucide-react'
import { useEffect, useRef, type KeyboardEvent } from 'react'
import { ApiError } from '#api/client.ts'
import { taskQuery } from '#api/queries.ts'
import { edit, knownTask, restore, toggleCompleted } from '#api/task-actions.ts'
import type { Task } from '#api/types.ts'
import { sayAgo } from '#lib/dates.ts'
import { Button, IconButton } from '#ui/button.tsx'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { takeOpener, useOpenTask } from '../open-task.ts'
import { openPicker } from '../picker/state.ts'
import { ActivityLog } from './activity.tsx'
import { Description } from './description.tsx'
import { Properties } from './properties.tsx'
import { Receipts } from './receipts.tsx'
import { TitleField } from './title-field.tsx'

/** The focus goes back to where the task was opened from, or to its row if that was drawn anew. */
function giveFocusBack(id: string) {
  const opener = takeOpener()
  const target = opener?.isConnected
    ? opener
    : document.querySelector<HTMLElement>(`[data-task="${CSS.escape(id)}"]`)
  ;(target ?? document.getElementById('content'))?.focus()
}

/** One task, beside its list: every field, its reminders, its history. Saves as one goes. */
export default function TaskPanel({ id }: { id: string }) {
  const task = useQuery({
    ...taskQuery(id),
    // What a list already holds is shown at once and made certain in the background.
    initialData: () => knownTask(id),
    initialDataUpdatedAt: 0,
  })
  const openTask = useOpenTask()
  const panel = useRef<HTMLElement>(null)
  useEffect(() => panel.current?.focus(), [])

  const close = () => {
    openTask(null)
    requestAnimationFrame(() => giveFocusBack(id))
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'Escape' || event.defaultPrevented) return
    event.preventDefault()
    event.stopPropagation()
    close()
  }
  const missing = task.error instanceof ApiError && task.error.status === 404
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      aria-label={task.data ? `Task: ${task.data.title}` : 'Task'}
      className="flex w-105 shrink-0 animate-slide flex-col overflow-hidden bg-sheet outline-none max-lg:fixed max-lg:inset-y-0 max-lg:right-0 max-lg:z-30 max-lg:shadow-float max-md:w-full lg:my-2 lg:mr-2 lg:rounded-xl lg:shadow-sheet forced-colors:border"
      onKeyDown={onKeyDown}
    >
      <div className="flex items-center gap-1 px-3 pt-3">
        {task.data ? <Head task={task.data} /> : <span className="flex-1" />}
        <IconButton label="Close (Esc)" icon={<X size={17} aria-hidden />} onClick={close} />
      </div>
      {task.data ? (
        <Body task={task.data} />
      ) : missing ? (
        <EmptyState title="This task is gone">It may have been deleted for good.</EmptyState>
      ) : task.isError ? (
        <ErrorState error={task.error} retry={() => void task.refetch()} />
      ) : (
        <Waiting what="the task" />
      )}
    </aside>
  )
}

function Head({ task }: { task: Task }) {
  const done = task.status === 'completed'
  return (
    <>
      <Button look="quiet" className="-ml-0.5" onClick={() => void toggleCompleted([task.id])}>
        <span
          aria-hidden
          className={`grid size-4.5 place-items-center rounded-full border-[1.5px] ${done ? 'border-accent bg-accent text-accent-ink' : 'border-edge'}`}
        >
          <svg width="10" height="10" viewBox="0 0 10 10">
            <path
              d="m2 5.2 2.1 2L8 3"
              fill="none"
              stroke="currentColor"
              strokeWidth="1.6"
              strokeLinecap="round"
            />
          </svg>
        </span>
        {done ? 'Open again' : 'Complete'}
      </Button>
      <span className="flex-1" />
      <IconButton
        label="More actions"
        aria-haspopup="menu"
        icon={<Ellipsis size={17} aria-hidden />}
        onClick={(event) => openPicker('actions', event.currentTarget, [task.id])}
      />
    </>
  )
}

function Body({ task }: { task: Task }) {
  const save = (change: Parameters<typeof edit>[0][number]['change'], guarded = false) =>
    edit([{ id: task.id, change }], { guarded })
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto px-5 pt-1 pb-6">
      {task.deleted_at ? (
        <div className="flex items-center justify-between gap-3 rounded-md bg-danger-wash px-3 py-2 text-sm text-danger">
          <span>In the trash since {sayAgo(task.deleted_at)}</span>
          <Button onClick={() => void restore([task.id], `Restored “${task.title}”`)}>Restore</Button>
        </div>
      ) : null}
      <TitleField
        title={task.title}
        done={task.status === 'completed'}
        onSave={(title) => save({ title }, true)}
      />
      <Properties task={task} save={save} />
      <Description text={task.description} onSave={(description) => save({ description }, true)} />
      <Receipts taskId={task.id} />
      <ActivityLog taskId={task.id} />
      <p className="mt-auto pt-2 text-xs text-soft">
        Created {sayAgo(task.created_at)} · Changed {sayAgo(task.updated_at)}
        {task.completed_at ? ` · Completed ${sayAgo(task.completed_at)}` : ''}
      </p>
    </div>
  )
}
