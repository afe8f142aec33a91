import { Plus } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import type { TaskFilter } from '#api/task-filter.ts'
import type { NewTask, Priority } from '#api/types.ts'
import { addDays } from '#lib/dates.ts'
import { usePromptKeys } from '#ui/prompt.tsx'

const ComposerBody = lazy(() => import('./body.tsx').then((module) => ({ default: module.ComposerBody })))

/** A task added in a list gets what the list is about, so that it appears where it was typed. */
function defaultsFor(filter: TaskFilter, today: string): Partial<NewTask> {
  const ahead = { overdue: null, today: 0, tomorrow: 1, week: 0 }[filter.due ?? 'overdue']
  return {
    due_date: ahead === null ? null : addDays(today, ahead),
    labels: filter.label ? [filter.label] : [],
    priority: filter.priority && !filter.priority.includes(',') ? (filter.priority as Priority) : 'none',
  }
}

/** The line at the top of a list that makes tasks. */
export function Composer({ filter, today }: { filter: TaskFilter; today: string }) {
  const [text, setText] = useState('')
  const [used, setUsed] = useState(false)
  const { keys, waiting, onKeyDown } = usePromptKeys()
  return (
    <div className="grid gap-1.5 max-md:hidden">
      <div className="relative flex items-center">
        <Plus size={16} className="pointer-events-none absolute left-3 text-accent" aria-hidden />
        <input
          aria-label="Add a task"
          placeholder="Add a task, like “Pay rent tomorrow 18:00 #home !high”"
          autoComplete="off"
          enterKeyHint="done"
          className="h-10 w-full rounded-lg bg-hover pr-4 pl-9 text-base transition-colors focus-visible:bg-sheet"
          value={text}
          onFocus={() => setUsed(true)}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return onKeyDown(event)
            if (text) setText('')
            else event.currentTarget.blur()
          }}
        />
      </div>
      <Suspense>
        {used ? (
          <ComposerBody
            text={text}
            setText={setText}
            keys={keys}
            waiting={waiting}
            defaults={defaultsFor(filter, today)}
          />
        ) : null}
      </Suspense>
    </div>
  )
}
