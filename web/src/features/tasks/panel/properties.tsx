import { Plus, X } from 'lucide-react'
import { useId, type MouseEvent, type ReactNode } from 'react'
import { PRIORITY_NAMES, STATUS_NAMES, type Task, type TaskChange } from '#api/types.ts'
import { fullDate, sayDate } from '#lib/dates.ts'
import { useToday } from '#lib/use-today.ts'
import { DueMark, LabelDot, PriorityMark } from '#ui/task-marks.tsx'
import { openPicker, type PickerKind } from '../picker/state.ts'

interface PropertiesProps {
  task: Task
  save: (change: TaskChange) => Promise<boolean>
}

function Property({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid min-h-9 grid-cols-[92px_1fr] items-center gap-2 touch:min-h-11">
      <dt className="text-sm text-soft">{name}</dt>
      <dd className="flex min-w-0 flex-wrap items-center gap-1.5">{children}</dd>
    </div>
  )
}

const VALUE =
  '-ml-2 inline-flex h-8 min-w-24 items-center gap-2 rounded-md px-2 text-left text-base hover:bg-hover touch:h-11'

export function Properties({ task, save }: PropertiesProps) {
  const today = useToday()
  const muteId = useId()
  const pick = (kind: PickerKind) => (event: MouseEvent<HTMLButtonElement>) =>
    openPicker(kind, event.currentTarget, [task.id])
  const status = STATUS_NAMES[task.status]
  const priority = PRIORITY_NAMES[task.priority]
  return (
    <dl className="grid">
      <Property name="Status">
        <button
          type="button"
          aria-haspopup="menu"
          aria-label={`Status: ${status}`}
          className={VALUE}
          onClick={pick('status')}
        >
          {status}
        </button>
      </Property>
      <Property name="Due">
        <button
          type="button"
          aria-haspopup="dialog"
          aria-label={
            task.due_date ? `Due ${fullDate(task.due_date)} ${task.due_time ?? ''}` : 'Due: no date'
          }
          className={VALUE}
          onClick={pick('due')}
        >
          {task.due_date ? (
            <DueMark task={task} today={today} icon />
          ) : (
            <span className="text-soft">No date</span>
          )}
        </button>
      </Property>
      <Property name="Priority">
        <button
          type="button"
          aria-haspopup="menu"
          aria-label={`Priority: ${priority}`}
          className={VALUE}
          onClick={pick('priority')}
        >
          <PriorityMark priority={task.priority} />
          <span className={task.priority === 'none' ? 'text-soft' : ''}>{priority}</span>
        </button>
      </Property>
      <Property name="Labels">
        {task.labels.map((label) => (
          <span
            key={label}
            className="inline-flex h-6 items-center gap-1.5 rounded-full border border-line pl-2 text-xs text-soft touch:h-11"
          >
            <LabelDot name={label} />
            <span className="max-w-40 truncate">{label}</span>
            <button
              type="button"
              aria-label={`Remove the label ${label}`}
              className="grid h-full w-6 place-items-center rounded-r-full hover:bg-hover hover:text-ink touch:w-9"
              onClick={() => void save({ labels: task.labels.filter((one) => one !== label) })}
            >
              <X size={12} aria-hidden />
            </button>
          </span>
        ))}
        <button
          type="button"
          aria-haspopup="dialog"
          className="inline-flex h-6 items-center gap-1 rounded-full px-2 text-xs text-soft hover:bg-hover hover:text-ink touch:h-11"
          onClick={pick('labels')}
        >
          <Plus size={13} aria-hidden /> Add label
        </button>
      </Property>
      <Property name="Snoozed">
        <button type="button" aria-haspopup="dialog" className={VALUE} onClick={pick('snooze')}>
          {task.snoozed_until ? (
            `Until ${sayDate(task.snoozed_until, today)}`
          ) : (
            <span className="text-soft">No</span>
          )}
        </button>
      </Property>
      <Property name="Overdue mail">
        <input
          id={muteId}
          type="checkbox"
          role="switch"
          className="switch"
          aria-label="Name this task in the overdue mail"
          checked={!task.muted}
          onChange={(event) => void save({ muted: !event.target.checked })}
        />
        <label htmlFor={muteId} className="text-sm text-soft">
          {task.muted ? 'Muted' : 'On'}
        </label>
      </Property>
    </dl>
  )
}
