import { draggable } from '@atlaskit/pragmatic-drag-and-drop/element/adapter'
import { Ellipsis } from 'lucide-react'
import { memo, useEffect, useRef, useState } from 'react'
import { isUnsent } from '#api/task-actions.ts'
import type { Task } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { DueMark, LabelChip, PriorityMark } from '#ui/task-marks.tsx'
import { openPicker } from '../picker/state.ts'

interface CardProps {
  task: Task
  today: string
  /** The one card of its column that Tab stops at. */
  stop: boolean
  carried: boolean
  opened: boolean
  hintId: string
  onFocus: (id: string) => void
  onOpen: (id: string, card: HTMLElement) => void
}

const LABELS_SHOWN = 2

export const Card = memo(function Card({
  task,
  today,
  stop,
  carried,
  opened,
  hintId,
  onFocus,
  onOpen,
}: CardProps) {
  const card = useRef<HTMLDivElement>(null)
  const [dragged, setDragged] = useState(false)
  const { id } = task
  useEffect(() => {
    const element = card.current
    if (!element || isUnsent(id)) return
    return draggable({
      element,
      getInitialData: () => ({ id }),
      onDragStart: () => setDragged(true),
      onDrop: () => setDragged(false),
    })
  }, [id])
  const done = task.status === 'completed'
  const marked = task.labels.length > 0 || task.due_date || task.priority !== 'none'
  return (
    <div
      ref={card}
      data-card={id}
      data-task={id}
      role="group"
      aria-roledescription="card"
      aria-label={task.title}
      aria-describedby={hintId}
      tabIndex={stop ? 0 : -1}
      className={classes(
        'group relative cursor-grab rounded-lg bg-sheet px-3 py-2.5 shadow-sheet transition-[opacity,box-shadow] outline-offset-[-2px] hover:shadow-float forced-colors:border dark:bg-raised',
        (dragged || carried) && 'opacity-50',
        opened && 'outline-2 outline-accent',
      )}
      onFocus={() => onFocus(id)}
      onClick={(event) => {
        if (!(event.target as Element).closest('[data-action]')) onOpen(id, event.currentTarget)
      }}
    >
      <p
        className={classes(
          'line-clamp-3 pr-6 text-base',
          done && 'text-soft line-through decoration-soft/60',
        )}
      >
        {task.title}
      </p>
      {marked ? (
        <div className="mt-2 flex flex-wrap items-center gap-1.5">
          <PriorityMark priority={task.priority} quiet />
          {task.labels.slice(0, LABELS_SHOWN).map((label) => (
            <LabelChip key={label} name={label} />
          ))}
          {task.labels.length > LABELS_SHOWN ? (
            <span className="text-xs text-soft">+{task.labels.length - LABELS_SHOWN}</span>
          ) : null}
          <span className="ml-auto">
            <DueMark task={task} today={today} />
          </span>
        </div>
      ) : null}
      <button
        type="button"
        data-action
        tabIndex={-1}
        aria-haspopup="menu"
        aria-label={`Move or change ${task.title}`}
        className="absolute top-1.5 right-1.5 grid size-7 place-items-center rounded text-soft hover:bg-hover hover:text-ink touch:-top-0.5 touch:-right-0.5 touch:size-11 pointer-fine:md:opacity-0 pointer-fine:md:group-focus-within:opacity-100 pointer-fine:md:group-hover:opacity-100"
        onClick={(event) => openPicker('actions', event.currentTarget, [id])}
      >
        <Ellipsis size={16} aria-hidden />
      </button>
    </div>
  )
})
