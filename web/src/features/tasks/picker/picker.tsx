import { useNavigate } from '@tanstack/react-router'
import {
  BellOff,
  Calendar,
  CircleDot,
  Columns3,
  Moon,
  SignalHigh,
  SquarePen,
  Tag,
  Trash2,
} from 'lucide-react'
import { edit, knownTask, moveToTrash } from '#api/task-actions.ts'
import { PRIORITIES, PRIORITY_NAMES, STATUS_NAMES, STATUSES, type Task, type TaskChange } from '#api/types.ts'
import { sayDate, sayDue } from '#lib/dates.ts'
import { useToday } from '#lib/use-today.ts'
import AnchoredMenu, { type MenuEntry } from '#ui/menu.tsx'
import { AnchoredPopover } from '#ui/popover.tsx'
import { PriorityMark } from '#ui/task-marks.tsx'
import { DuePicker, SnoozePicker } from './due-picker.tsx'
import { LabelPicker } from './label-picker.tsx'
import { closePicker, openPicker, type Picker as PickerState } from './state.ts'

const subject = (tasks: Task[]) => (tasks.length === 1 ? `“${tasks[0]?.title}”` : `${tasks.length} tasks`)

/** The open picker, for one task or for many. Everything is applied at once and can be taken back. */
export default function Picker({ kind, anchor, ids }: PickerState) {
  const today = useToday()
  const tasks = ids.flatMap((id) => knownTask(id) ?? [])
  const [first] = tasks
  if (!first) return null
  const what = subject(tasks)
  const apply = (change: TaskChange, said: string) =>
    void edit(
      tasks.map(({ id }) => ({ id, change })),
      { said },
    )

  if (kind === 'due') {
    return (
      <AnchoredPopover anchor={anchor} label="Due date" onClose={closePicker}>
        <DuePicker
          date={first.due_date}
          time={first.due_time}
          today={today}
          onPick={(due_date, due_time) =>
            apply(
              { due_date, due_time },
              due_date
                ? `${what} is due ${sayDue(due_date, due_time, today)}`
                : `Removed the date of ${what}`,
            )
          }
          onDone={closePicker}
        />
      </AnchoredPopover>
    )
  }
  if (kind === 'snooze') {
    return (
      <AnchoredPopover anchor={anchor} label="No reminders until" onClose={closePicker}>
        <SnoozePicker
          until={first.snoozed_until}
          today={today}
          onPick={(snoozed_until) =>
            apply(
              { snoozed_until },
              snoozed_until
                ? `Snoozed ${what} until ${sayDate(snoozed_until, today)}`
                : `Ended the snooze of ${what}`,
            )
          }
          onDone={closePicker}
        />
      </AnchoredPopover>
    )
  }
  if (kind === 'labels') {
    return (
      <AnchoredPopover anchor={anchor} label="Labels" onClose={closePicker}>
        <LabelPicker tasks={tasks} />
      </AnchoredPopover>
    )
  }
  const menus: Record<'priority' | 'status' | 'actions', { label: string; entries: MenuEntry[] }> = {
    priority: {
      label: 'Priority',
      entries: PRIORITIES.map((priority) => ({
        label: PRIORITY_NAMES[priority],
        icon: <PriorityMark priority={priority} />,
        checked: tasks.every((task) => task.priority === priority),
        closes: true,
        run: () =>
          apply({ priority }, `Set the priority of ${what} to ${PRIORITY_NAMES[priority].toLowerCase()}`),
      })),
    },
    status: {
      label: 'Move to',
      entries: STATUSES.map((status) => ({
        label: STATUS_NAMES[status],
        checked: tasks.every((task) => task.status === status),
        closes: true,
        run: () => apply({ status }, `Moved ${what} to ${STATUS_NAMES[status]}`),
      })),
    },
    actions: { label: 'Actions', entries: [] },
  }
  return kind === 'actions' ? (
    <ActionsMenu anchor={anchor} task={first} apply={apply} />
  ) : (
    <AnchoredMenu anchor={anchor} onClose={closePicker} {...menus[kind]} />
  )
}

interface ActionsMenuProps {
  anchor: Element
  task: Task
  apply: (change: TaskChange, said: string) => void
}

function ActionsMenu({ anchor, task, apply }: ActionsMenuProps) {
  const navigate = useNavigate()
  const what = `“${task.title}”`
  // The next picker opens once this menu has closed and given the focus back to the anchor.
  const then = (kind: PickerState['kind']) => () => queueMicrotask(() => openPicker(kind, anchor, [task.id]))
  const entries: MenuEntry[] = [
    {
      label: 'Open',
      icon: <SquarePen size={15} />,
      keys: 'Enter',
      run: () =>
        void navigate({ to: '.', search: ((search: object) => ({ ...search, task: task.id })) as never }),
    },
    { label: 'Due date…', icon: <Calendar size={15} />, keys: 'd', run: then('due') },
    { label: 'Priority…', icon: <SignalHigh size={15} />, keys: 'p', run: then('priority') },
    { label: 'Labels…', icon: <Tag size={15} />, keys: 'l', run: then('labels') },
    { label: 'Move to…', icon: <Columns3 size={15} />, keys: 'm', run: then('status') },
    task.status === 'in_progress'
      ? {
          label: 'Stop',
          icon: <CircleDot size={15} />,
          run: () => apply({ status: 'pending' }, `Moved ${what} to ${STATUS_NAMES.pending}`),
        }
      : {
          label: 'Start',
          icon: <CircleDot size={15} />,
          run: () => apply({ status: 'in_progress' }, `Moved ${what} to ${STATUS_NAMES.in_progress}`),
        },
    { label: 'Snooze…', icon: <Moon size={15} />, apart: true, run: then('snooze') },
    {
      label: task.muted ? 'Unmute reminders' : 'Mute reminders',
      icon: <BellOff size={15} />,
      run: () => apply({ muted: !task.muted }, `${task.muted ? 'Unmuted' : 'Muted'} ${what}`),
    },
    {
      label: 'Move to trash',
      icon: <Trash2 size={15} />,
      keys: 'Delete',
      danger: true,
      apart: true,
      run: () => void moveToTrash([task.id]),
    },
  ]
  return (
    <AnchoredMenu
      anchor={anchor}
      label={`Actions for ${task.title}`}
      entries={entries}
      onClose={closePicker}
    />
  )
}
