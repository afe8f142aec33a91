import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type MouseEvent,
  type ReactNode,
} from 'react'
import { flushSync } from 'react-dom'
import { moveToTrash, toggleCompleted } from '#api/task-actions.ts'
import { classes } from '#lib/classes.ts'
import { useHotkeys } from '#lib/hotkeys.ts'
import { useStore } from '#lib/store.ts'
import { NARROW, useMedia } from '#lib/use-media.ts'
import { useWindow } from '#lib/use-window.ts'
import { useOpenTask } from '../open-task.ts'
import { openPicker, type PickerKind } from '../picker/state.ts'
import { clearSelection, keepOnly, selectAll, selection, selectTo, toggleSelected } from '../selection.ts'
import type { Line } from './groups.ts'
import { TaskRow } from './row.tsx'

interface TaskListProps {
  label: string
  lines: Line[]
  today: string
  openedId: string | undefined
  hiddenLabel: string | undefined
  /** Asks for the next page; called when the end comes near. */
  onEndNear: () => void
  /** What stands above the rows and scrolls with them. */
  header: ReactNode
  footer: ReactNode
}

const ROW = 40
const TALL_ROW = 58
const HEADING = 48
const NEAR = 12

/** Which row is the list's one tab stop, and moving the focus between rows that may not be mounted. */
function useRoving(lines: Line[], ids: string[], scrollTo: (index: number) => void) {
  const root = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<string | null>(null)
  const place = useRef(0)
  const focused = useRef(false)
  const current = active !== null && ids.includes(active) ? active : (ids[0] ?? null)

  const currentIndex = current === null ? -1 : lines.findIndex((line) => line.id === current)

  const row = (id: string | null) =>
    id === null ? null : (root.current?.querySelector<HTMLElement>(`[data-task="${CSS.escape(id)}"]`) ?? null)

  const focus = (id: string | undefined) => {
    if (!id) return
    flushSync(() => setActive(id))
    scrollTo(lines.findIndex((line) => line.id === id))
    row(id)?.focus({ preventScroll: true })
  }

  // When the focused row leaves the list, its neighbour takes the focus instead of the page.
  useLayoutEffect(() => {
    if (active !== null && ids.includes(active)) place.current = ids.indexOf(active)
    else if (focused.current && document.activeElement === document.body) {
      const neighbour = ids[Math.min(place.current, ids.length - 1)]
      if (neighbour) queueMicrotask(() => focus(neighbour))
    }
  })

  return { root, current, currentIndex, row, focus, setActive, focused }
}

export function TaskList({
  label,
  lines,
  today,
  openedId,
  hiddenLabel,
  onEndNear,
  header,
  footer,
}: TaskListProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const head = useRef<HTMLDivElement>(null)
  const [margin, setMargin] = useState(0)
  const isNarrow = useMedia(NARROW)
  const ids = useMemo(() => lines.flatMap((line) => (line.kind === 'task' ? [line.id] : [])), [lines])
  const latestIds = useRef(ids)
  useEffect(() => {
    latestIds.current = ids
  })
  const chosen = useStore(selection)
  const openTask = useOpenTask()

  useLayoutEffect(() => {
    const element = head.current
    if (!element) return
    const measure = () => setMargin(element.offsetHeight)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const heights = useMemo(
    () => lines.map((line) => (line.kind === 'heading' ? HEADING : isNarrow ? TALL_ROW : ROW)),
    [lines, isNarrow],
  )
  const { root, current, currentIndex, row, focus, setActive, focused } = useRoving(lines, ids, (index) =>
    rows.scrollTo(index),
  )
  // The tab stop stays mounted, else Tab would skip the list once it is scrolled away.
  const rows = useWindow({ heights, scroller, margin, keep: currentIndex })
  useEffect(() => keepOnly(ids))

  useEffect(() => {
    if (rows.last >= lines.length - NEAR) onEndNear()
  }, [rows.last, lines.length, onEndNear])

  const targets = () => (chosen.ids.size > 0 ? [...chosen.ids] : current ? [current] : [])
  const step = (distance: number) => {
    const index = current === null ? -1 : ids.indexOf(current)
    const inside = root.current?.contains(document.activeElement)
    focus(ids[inside ? Math.max(0, Math.min(ids.length - 1, index + distance)) : Math.max(index, 0)])
  }
  const pick = (kind: PickerKind) => () => {
    const anchor = row(current)
    if (!anchor || ids.length === 0) return false
    openPicker(kind, anchor, targets())
  }
  useHotkeys({
    next: () => step(1),
    previous: () => step(-1),
    open: () =>
      current && root.current?.contains(document.activeElement) ? openTask(current, row(current)) : false,
    complete: (event) => {
      if (event.key === ' ' && !root.current?.contains(document.activeElement)) return false
      void toggleCompleted(targets())
    },
    select: () => (current ? toggleSelected(current) : false),
    due: pick('due'),
    priority: pick('priority'),
    labels: pick('labels'),
    move: pick('status'),
    remove: () => {
      void moveToTrash(targets())
      clearSelection()
    },
  })

  const open = useCallback(
    (id: string, element: HTMLElement, event: MouseEvent) => {
      setActive(id)
      if (event.shiftKey) selectTo(id, latestIds.current)
      else if (event.ctrlKey || event.metaKey) toggleSelected(id)
      else openTask(id, element)
    },
    [openTask, setActive],
  )

  function onKeyDown(event: React.KeyboardEvent) {
    const key = event.key
    if (key === 'Escape' && (chosen.ids.size > 0 || chosen.choosing)) clearSelection()
    else if (event.shiftKey && (key === 'ArrowDown' || key === 'ArrowUp') && current) {
      const next = ids[ids.indexOf(current) + (key === 'ArrowDown' ? 1 : -1)]
      if (!next) return
      if (chosen.ids.size === 0) toggleSelected(current)
      selectTo(next, ids)
      focus(next)
    } else if ((event.ctrlKey || event.metaKey) && key === 'a') selectAll(ids)
    else if (key === 'Home') focus(ids[0])
    else if (key === 'End') focus(ids.at(-1))
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <div ref={scroller} className="h-full overflow-y-auto overscroll-contain" data-scroll>
      <div className="mx-auto max-w-4xl px-2 pb-24 md:px-6">
        <div ref={head}>{header}</div>
        <div
          ref={root}
          role="grid"
          aria-label={label}
          aria-rowcount={lines.length}
          aria-multiselectable
          className="relative"
          style={{ height: rows.total }}
          onKeyDown={onKeyDown}
          onFocus={(event) => {
            focused.current = true
            const id = event.target.closest<HTMLElement>('[data-task]')?.dataset.task
            if (id) setActive(id)
          }}
          onBlur={(event) => {
            if (event.relatedTarget) focused.current = root.current?.contains(event.relatedTarget) ?? false
          }}
        >
          {rows.shown.map(({ index, top, height }) => {
            const line = lines[index]
            if (!line) return null
            return (
              <div
                key={line.id}
                role="presentation"
                className="absolute inset-x-0 top-0"
                style={{ height, transform: `translateY(${top}px)` }}
              >
                {line.kind === 'heading' ? (
                  <Heading line={line} position={index + 1} />
                ) : (
                  <TaskRow
                    task={line.task}
                    today={today}
                    position={index + 1}
                    current={line.id === current}
                    selected={chosen.ids.has(line.id)}
                    choosing={chosen.ids.size > 0 || chosen.choosing}
                    opened={line.id === openedId}
                    hiddenLabel={hiddenLabel}
                    onOpen={open}
                  />
                )}
              </div>
            )
          })}
        </div>
        {footer}
      </div>
    </div>
  )
}

function Heading({ line, position }: { line: Extract<Line, { kind: 'heading' }>; position: number }) {
  return (
    <div role="row" aria-rowindex={position} className="flex h-full items-end px-2 pb-1.5 md:pl-8">
      <div
        role="rowheader"
        className={classes(
          'flex w-full items-baseline gap-2 border-b border-line pb-1.5 text-sm font-semibold',
          line.urgent && 'text-danger',
        )}
      >
        {line.title}
        {line.note ? <span className="font-normal text-soft">{line.note}</span> : null}
        <span className="ml-auto pr-1 text-xs font-normal text-soft tabular-nums">{line.count}</span>
      </div>
    </div>
  )
}
