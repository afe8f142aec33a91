import { useInfiniteQuery } from '@tanstack/react-query'
import { RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { tasksQuery } from '#api/queries.ts'
import { restore } from '#api/task-actions.ts'
import type { TaskFilter } from '#api/task-filter.ts'
import type { Task } from '#api/types.ts'
import { sayAgo } from '#lib/dates.ts'
import { Button } from '#ui/button.tsx'
import { PageHeader, ScrollPage } from '#ui/page.tsx'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'

const TRASH: TaskFilter = { trash: true }
/** How long the server keeps a deleted task. */
const KEPT_DAYS = 30
const DAY = 86_400_000

function sayLeft(deletedAt: string) {
  const days = KEPT_DAYS - Math.floor((Date.now() - new Date(deletedAt).getTime()) / DAY)
  return days > 1 ? `gone for good in ${days} days` : 'gone for good soon'
}

export function TrashPage() {
  const list = useInfiniteQuery(tasksQuery(TRASH))
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const tasks = list.data?.pages.flatMap((page) => page.data) ?? []
  const shown = tasks.filter((task) => chosen.has(task.id))

  const toggle = (id: string) =>
    setChosen((ids) => {
      const next = new Set(ids)
      if (!next.delete(id)) next.add(id)
      return next
    })
  return (
    <ScrollPage>
      <PageHeader
        title="Trash"
        note={`What is deleted is kept here for ${KEPT_DAYS} days.`}
        actions={
          shown.length > 0 ? (
            <Button
              onClick={() => {
                void restore(
                  shown.map((task) => task.id),
                  `Restored ${shown.length === 1 ? `“${shown[0]?.title}”` : `${shown.length} tasks`}`,
                )
                setChosen(new Set())
              }}
            >
              Restore {shown.length} selected
            </Button>
          ) : null
        }
      />
      {list.isError ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Waiting what="the trash" />
      ) : tasks.length === 0 ? (
        <EmptyState icon={<Trash2 size={32} strokeWidth={1.5} aria-hidden />} title="The trash is empty">
          Deleted tasks can be brought back from here.
        </EmptyState>
      ) : (
        <ul aria-label="Deleted tasks" className="grid grid-cols-[minmax(0,1fr)]">
          {tasks.map((task) => (
            <TrashRow key={task.id} task={task} chosen={chosen.has(task.id)} onToggle={toggle} />
          ))}
        </ul>
      )}
      {list.hasNextPage ? (
        <Button
          className="self-center"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show more
        </Button>
      ) : null}
    </ScrollPage>
  )
}

interface TrashRowProps {
  task: Task
  chosen: boolean
  onToggle: (id: string) => void
}

function TrashRow({ task, chosen, onToggle }: TrashRowProps) {
  return (
    <li className="flex min-h-12 items-center gap-3 border-b border-line py-1.5 last:border-0">
      <span className="grid place-items-center touch:-m-3 touch:size-11">
        <input
          type="checkbox"
          className="check"
          aria-label={`Select ${task.title}`}
          checked={chosen}
          onChange={() => onToggle(task.id)}
        />
      </span>
      <div className="min-w-0 flex-1">
        <p className="truncate">{task.title}</p>
        {task.deleted_at ? (
          <p className="text-xs text-soft">
            Deleted {sayAgo(task.deleted_at)}, {sayLeft(task.deleted_at)}
          </p>
        ) : null}
      </div>
      <Button
        look="quiet"
        aria-label={`Restore ${task.title}`}
        onClick={() => void restore([task.id], `Restored “${task.title}”`)}
      >
        <RotateCcw size={14} aria-hidden /> Restore
      </Button>
    </li>
  )
}
