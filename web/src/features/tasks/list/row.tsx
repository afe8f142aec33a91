import { AlignLeft, BellOff, Calendar, Ellipsis } from 'lucide-react'
import { memo, type KeyboardEvent, type MouseEvent } from 'react'
import { isUnsent, toggleCompleted } from '#api/task-actions.ts'
import type { Task } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { DueMark, LabelChip, PriorityMark } from '#ui/task-marks.tsx'
import { openPicker } from '../picker/state.ts'
import { toggleSelected } from '../selection.ts'

const LABELS_SHOWN = 3

interface RowProps {
  task: Task
  today: string
  /** Line number among all lines, from 1, for assistive technology. */
  position: number
  current: boolean
  selected: boolean
  choosing: boolean
  opened: boolean
  hiddenLabel: string | undefined
  onOpen: (id: string, row: HTMLElement, event: MouseEvent) => void
}

/** Left and right walk through a row's own controls; the row itself is the only tab stop. */
function walkControls(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return
  const row = event.currentTarget
  const stops = [row, ...row.querySelectorAll<HTMLElement>('input,button')].filter(
    (stop) => stop.offsetParent,
  )
  const place = stops.indexOf(document.activeElement as HTMLElement)
  const next = stops[place + (event.key === 'ArrowRight' ? 1 : -1)]
  if (next) {
    event.preventDefault()
    next.focus()
  }
}

const ACTION = 'grid size-7 place-items-center rounded text-soft hover:bg-line hover:text-ink touch:size-11'

/** Quiet until the row is pointed at or has the focus; always there for fingers. */
const ON_DEMAND =
  'transition-opacity duration-75 pointer-fine:md:opacity-0 pointer-fine:md:group-hover:opacity-100 pointer-fine:md:group-focus-visible:opacity-100 pointer-fine:md:group-has-focus-visible:opacity-100'

export const TaskRow = memo(function TaskRow(props: RowProps) {
  const { task, today, position, current, selected, choosing, opened, hiddenLabel, onOpen } = props
  const done = task.status === 'completed'
  const labels = task.labels.filter((label) => label !== hiddenLabel)
  const id = task.id
  return (
    <div
      role="row"
      data-task={id}
      aria-rowindex={position}
      aria-selected={selected}
      aria-labelledby={`title-${id}`}
      tabIndex={current ? 0 : -1}
      className={classes(
        'group flex h-full items-center gap-2.5 rounded-lg pr-1 pl-2 outline-offset-[-2px] transition-colors duration-75 md:pl-8',
        selected ? 'bg-accent-wash' : opened ? 'bg-hover' : 'hover:bg-hover',
        isUnsent(id) && 'opacity-60',
      )}
      onKeyDown={walkControls}
      onClick={(event) => {
        if (!(event.target instanceof Element && event.target.closest('input,[data-action]'))) {
          onOpen(id, event.currentTarget, event)
        }
      }}
    >
      <span
        role="gridcell"
        className={classes(
          'grid place-items-center md:absolute md:left-2',
          choosing || selected
            ? ''
            : 'max-md:hidden md:opacity-0 md:group-hover:opacity-100 md:group-focus-within:opacity-100 md:group-focus-visible:opacity-100',
        )}
      >
        <input
          type="checkbox"
          tabIndex={-1}
          className="check"
          aria-label={`Select ${task.title}`}
          checked={selected}
          onChange={() => toggleSelected(id)}
        />
      </span>
      <span role="gridcell" className="grid place-items-center touch:size-11 touch:-mx-2.5">
        <input
          type="checkbox"
          tabIndex={-1}
          className="tick"
          data-status={task.status}
          aria-label={`Complete ${task.title}`}
          title={task.status === 'in_progress' ? 'In progress' : undefined}
          checked={done}
          onChange={() => void toggleCompleted([id])}
        />
      </span>
      <span
        role="gridcell"
        className="flex min-w-0 flex-1 flex-col justify-center md:flex-row md:items-center md:gap-2.5"
      >
        <span className="flex min-w-0 items-center gap-2 md:flex-1">
          <button
            type="button"
            tabIndex={-1}
            id={`title-${id}`}
            className={classes(
              'min-w-0 truncate py-1 text-left max-md:text-[0.9375rem]',
              done && 'text-soft line-through decoration-soft/60',
            )}
          >
            {task.title}
          </button>
          <PriorityMark priority={task.priority} quiet />
          {task.description ? (
            <AlignLeft size={13} className="shrink-0 text-soft" aria-label="Has a description" />
          ) : null}
          {task.muted ? (
            <BellOff size={13} className="shrink-0 text-soft" aria-label="Left out of the overdue mail" />
          ) : null}
        </span>
        <span className="flex shrink-0 items-center gap-2 max-md:-mt-0.5 max-md:empty:hidden">
          {labels.slice(0, LABELS_SHOWN).map((label) => (
            <LabelChip key={label} name={label} />
          ))}
          {labels.length > LABELS_SHOWN ? (
            <span className="text-xs text-soft" title={labels.join(', ')}>
              +{labels.length - LABELS_SHOWN}
            </span>
          ) : null}
          <button
            type="button"
            tabIndex={-1}
            data-action
            className={classes(
              'group/due flex h-7 items-center justify-end rounded px-1.5 hover:bg-line md:-mr-1.5 md:min-w-30',
              task.due_date ? 'max-md:-ml-1.5' : 'max-md:hidden',
            )}
            aria-label={`Due date of ${task.title}`}
            title="Due date (D)"
            onClick={(event) => openPicker('due', event.currentTarget, [id])}
          >
            {task.due_date ? (
              <DueMark task={task} today={today} />
            ) : (
              <Calendar size={15} className={classes('text-soft', ON_DEMAND)} aria-hidden />
            )}
          </button>
        </span>
      </span>
      <span role="gridcell" data-action className={classes('flex shrink-0 items-center', ON_DEMAND)}>
        <button
          type="button"
          tabIndex={-1}
          className={ACTION}
          aria-haspopup="menu"
          aria-label={`More actions for ${task.title}`}
          title="More"
          onClick={(event) => openPicker('actions', event.currentTarget, [id])}
        >
          <Ellipsis size={16} aria-hidden />
        </button>
      </span>
    </div>
  )
})
