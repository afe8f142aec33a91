import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useDeferredValue, useEffect, useImperativeHandle, useState, type ReactNode } from 'react'
import { accountQuery, accountToday, labelsQuery, tasksQuery } from '#api/queries.ts'
import { create } from '#api/task-actions.ts'
import { classes } from '#lib/classes.ts'
import { closeOverlay, openOverlay } from '#lib/overlay.ts'
import { setPreference } from '#lib/preferences.ts'
import { parseQuickAdd } from '#lib/quick-add.ts'
import { say } from '#lib/toasts.ts'
import { Keys } from '#ui/kbd.tsx'
import { PROMPT_LIST, type PromptBodyProps } from '#ui/prompt.tsx'
import { DueMark, LabelDot } from '#ui/task-marks.tsx'

interface Result {
  id: string
  group: 'Tasks' | 'Go to' | 'Labels' | 'Do'
  label: string
  icon?: ReactNode
  end?: ReactNode
  run: () => void
}

const ADMIN_PAGES = [
  ['Administration', '/admin', null],
  ['Cache', '/admin/cache', null],
  ['Slow queries', '/admin/slow-queries', null],
  ['Queues and workers', '/admin/queues', null],
  ['Balance of queues', '/admin/queues/balance', null],
  ['Job measures', '/admin/queues/measures', null],
  ['Schedules', '/admin/queues/schedules', null],
  ['Jobs', '/admin/jobs', null],
  ['Batches of jobs', '/admin/queues/batches', null],
  ['Watched tags', '/admin/queues/tags', null],
  ['Failed jobs', '/admin/failures', null],
  ['Receipts of reminders', '/admin/queues/receipts', null],
  ['What operators did', '/admin/queues/actions', null],
] as const

const TASKS_SHOWN = 8
const LABELS_SHOWN = 5

/** Every word of the text is somewhere in the label. */
const fits = (label: string, text: string) => {
  const inside = label.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => inside.includes(word))
}

function useResults(text: string): Result[] {
  const navigate = useNavigate()
  const today = accountToday()
  const q = useDeferredValue(text.trim())
  const { data: account } = useQuery(accountQuery)
  const { data: labels } = useQuery(labelsQuery)
  const found = useInfiniteQuery({ ...tasksQuery({ status: 'all', q }), enabled: q.length > 1 })
  const open = (id: string) =>
    void navigate({ to: '.', search: ((search: object) => ({ ...search, task: id })) as never })

  const places: Result[] = (
    [
      ['All open', {}, 'g i'],
      ['Today', { due: 'today' }, 'g t'],
      ['Upcoming', { due: 'week' }, 'g u'],
      ['Overdue', { due: 'overdue' }, 'g o'],
      ['Completed', { status: 'completed' }, 'g c'],
    ] as const
  ).map(([label, search, keys]) => ({
    id: `go-${label}`,
    group: 'Go to',
    label,
    end: <Keys keys={keys} />,
    run: () => void navigate({ to: '/', search }),
  }))
  const pages: Result[] = (
    [
      ['Board', '/board', 'g b'],
      ['Statistics', '/statistics', 'g s'],
      ['Import and export', '/import', null],
      ['Trash', '/trash', 'g x'],
      ['Settings', '/settings', 'g ,'],
      ['Reminder settings', '/settings/reminders', null],
      ['Sessions', '/settings/sessions', null],
      ['API tokens', '/settings/tokens', null],
      ...(account?.role === 'admin' ? ADMIN_PAGES : []),
    ] as const
  ).map(([label, to, keys]) => ({
    id: `go-${label}`,
    group: 'Go to',
    label,
    end: keys ? <Keys keys={keys} /> : null,
    run: () => void navigate({ to }),
  }))
  const doings: Result[] = [
    {
      id: 'do-add',
      group: 'Do',
      label: 'Add a task',
      end: <Keys keys="q" />,
      run: () => openOverlay('quick-add'),
    },
    {
      id: 'do-help',
      group: 'Do',
      label: 'Keyboard shortcuts',
      end: <Keys keys="?" />,
      run: () => openOverlay('help'),
    },
    { id: 'do-dark', group: 'Do', label: 'Dark theme', run: () => setPreference('theme', 'dark') },
    { id: 'do-light', group: 'Do', label: 'Light theme', run: () => setPreference('theme', 'light') },
    {
      id: 'do-system',
      group: 'Do',
      label: 'Theme of the device',
      run: () => setPreference('theme', 'system'),
    },
  ]
  const tasks: Result[] = (q.length > 1 ? (found.data?.pages[0]?.data ?? []) : [])
    .slice(0, TASKS_SHOWN)
    .map((task) => ({
      id: `task-${task.id}`,
      group: 'Tasks',
      label: task.title,
      end: <DueMark task={task} today={today} />,
      run: () => open(task.id),
    }))
  const labelled: Result[] = (q ? (labels?.data ?? []) : [])
    .filter(({ name }) => fits(name, q))
    .slice(0, LABELS_SHOWN)
    .map(({ name }) => ({
      id: `label-${name}`,
      group: 'Labels',
      label: name,
      icon: <LabelDot name={name} />,
      run: () => void navigate({ to: '/', search: { label: name } }),
    }))
  const read = parseQuickAdd(q, { today })
  const adding: Result[] = read.title
    ? [
        {
          id: 'do-create',
          group: 'Do',
          label: `Add “${read.title}”`,
          icon: <Plus size={14} aria-hidden />,
          end: <DueMark task={{ ...read, status: 'pending' }} today={today} />,
          run: () => {
            const { title, due_date, due_time, priority, labels: names } = read
            void create({ title, due_date, due_time, priority, labels: names })
            say(`Added “${title}”`)
          },
        },
      ]
    : []
  const moving = [...places, ...pages, ...doings].filter((result) => fits(result.label, q))
  return [...tasks, ...moving, ...labelled, ...adding]
}

/** What the palette finds: tasks, places, labels, deeds. */
export default function Results({ text, keys, waiting, onActive }: PromptBodyProps) {
  const id = PROMPT_LIST
  const results = useResults(text)
  const [place, setPlace] = useState(0)
  const active = results[Math.min(place, results.length - 1)]
  const activeId = active && `${id}-${active.id}`

  const choose = (result: Result | undefined) => {
    if (!result) return
    closeOverlay()
    result.run()
  }
  useImperativeHandle(keys, () => ({
    move: (step) => setPlace(Math.max(0, Math.min(results.length - 1, place + step))),
    choose: () => choose(active),
  }))
  useEffect(() => setPlace(0), [text])
  useEffect(() => {
    onActive(activeId)
    if (activeId) document.getElementById(activeId)?.scrollIntoView({ block: 'nearest' })
  }, [activeId, onActive])
  useEffect(() => {
    if (!waiting.current) return
    waiting.current = false
    choose(active)
  })

  return (
    <div
      id={id}
      role="listbox"
      aria-label="Results"
      className="max-h-[min(420px,60dvh)] overflow-y-auto border-t border-line p-1.5"
    >
      {results.map((result, index) => (
        <div key={result.id} role="presentation">
          {result.group === results[index - 1]?.group ? null : (
            <div role="presentation" className="px-3 pt-2 pb-1 text-xs font-medium text-soft">
              {result.group}
            </div>
          )}
          <div
            id={`${id}-${result.id}`}
            role="option"
            aria-selected={result === active}
            className={classes(
              'flex h-9 items-center gap-2.5 rounded-md px-3 text-base touch:h-11',
              result === active && 'bg-hover forced-colors:outline-2',
            )}
            onMouseMove={() => setPlace(index)}
            onClick={() => choose(result)}
          >
            {result.icon}
            <span className="min-w-0 flex-1 truncate">{result.label}</span>
            {result.end}
          </div>
        </div>
      ))}
      {results.length === 0 ? (
        <div
          role="option"
          aria-selected={false}
          aria-disabled
          className="px-3 py-6 text-center text-base text-soft"
        >
          Nothing found
        </div>
      ) : null}
    </div>
  )
}
