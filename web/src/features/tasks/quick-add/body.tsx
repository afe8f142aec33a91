import { Calendar } from 'lucide-react'
import { useEffect, useImperativeHandle, useMemo, type ReactNode } from 'react'
import { accountZone } from '#api/queries.ts'
import { create } from '#api/task-actions.ts'
import { PRIORITY_NAMES, type NewTask } from '#api/types.ts'
import { fullDate, sayDue, timeIn } from '#lib/dates.ts'
import { closeOverlay } from '#lib/overlay.ts'
import { parseQuickAdd, type QuickAdd } from '#lib/quick-add.ts'
import { say } from '#lib/toasts.ts'
import { useToday } from '#lib/use-today.ts'
import { Button } from '#ui/button.tsx'
import type { PromptBodyProps } from '#ui/prompt.tsx'
import { LabelChip, PriorityMark } from '#ui/task-marks.tsx'

type ReaderProps = Omit<PromptBodyProps, 'onActive'>

/** Reads the line while it is typed; `defaults` fill what the line does not say. */
function useQuickAdd(
  { text, setText, keys, waiting }: ReaderProps,
  defaults: Partial<NewTask>,
  added?: (title: string) => void,
) {
  const today = useToday()
  const read = useMemo(() => parseQuickAdd(text, { today, now: timeIn(accountZone()) }), [text, today])
  const submit = () => {
    const { title, due_date, due_time, priority, labels } = read
    if (!title) return
    void create({
      title,
      due_date: due_date ?? defaults.due_date ?? null,
      due_time,
      priority: priority === 'none' ? (defaults.priority ?? 'none') : priority,
      labels: [...new Set([...labels, ...(defaults.labels ?? [])])],
    })
    setText('')
    added?.(title)
  }
  useImperativeHandle(keys, () => ({ choose: submit }))
  useEffect(() => {
    if (!waiting.current) return
    waiting.current = false
    submit()
  })
  return { read, submit, today }
}

const CHIP =
  'inline-flex h-6 items-center gap-1.5 rounded-full bg-accent-wash px-2.5 text-xs font-medium text-accent'

/** Shows what was understood besides the title. */
function Understood({ read, today, empty }: { read: QuickAdd; today: string; empty?: ReactNode }) {
  const { due_date, due_time, priority, labels, title } = read
  const nothing = !due_date && priority === 'none' && labels.length === 0
  return (
    <div role="status" aria-label="Understood" className="flex min-w-0 flex-1 flex-wrap items-center gap-1.5">
      {due_date ? (
        <span className={CHIP} title={fullDate(due_date)}>
          <Calendar size={12} aria-hidden />
          {sayDue(due_date, due_time, today)}
        </span>
      ) : null}
      {priority === 'none' ? null : (
        <span className={CHIP}>
          <PriorityMark priority={priority} />
          {PRIORITY_NAMES[priority]}
        </span>
      )}
      {labels.map((label) => (
        <LabelChip key={label} name={label} />
      ))}
      {nothing ? empty : title ? null : <span className="text-xs text-soft">Now give it a title</span>}
    </div>
  )
}

const Example = ({ children }: { children: ReactNode }) => (
  <code className="rounded bg-hover px-1.5 py-0.5 font-sans text-ink">{children}</code>
)

/** The rest of the add dialog, below its input. */
export default function QuickAddBody(props: PromptBodyProps) {
  const { read, submit, today } = useQuickAdd(props, {}, (title) => {
    say(`Added “${title}”`)
    closeOverlay()
  })
  return (
    <div className="flex min-h-14 items-center gap-3 border-t border-line px-5 py-2.5">
      <Understood
        read={read}
        today={today}
        empty={
          <span className="flex flex-wrap gap-1.5 text-sm text-soft">
            Try <Example>fri 9am</Example> <Example>in 3 days</Example> <Example>#home</Example>{' '}
            <Example>!high</Example>
          </span>
        }
      />
      <Button look="primary" disabled={!read.title} onClick={submit}>
        Add task
      </Button>
    </div>
  )
}

/** The chips below the line at the top of a list. */
export function ComposerBody({ defaults, ...props }: ReaderProps & { defaults: Partial<NewTask> }) {
  const { read, today } = useQuickAdd(props, defaults)
  return props.text ? (
    <div className="flex min-h-6 items-center px-3">
      <Understood read={read} today={today} />
    </div>
  ) : null
}
