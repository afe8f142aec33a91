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
import { classes } from '#lib/classes.ts'
import { useStore } from '#lib/store.ts'
import { NARROW, useMedia } from '#lib/use-media.ts'
import { useWindow } from '#lib/use-window.ts'
import { useOpenTask } from '../open-task.ts'
import { keepOnly, selection, selectTo, toggleSelected } from '../selection.ts'
import type { Line } from './groups.ts'
import { TaskRow } from './row.tsx'
import { useListKeys } from './use-list-keys.ts'
import { useRoving } from './use-roving.ts'

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

/** The height of an element, kept up to date. */
function useHeight() {
  const element = useRef<HTMLDivElement>(null)
  const [height, setHeight] = useState(0)
  useLayoutEffect(() => {
    const measured = element.current
    if (!measured) return
    const measure = () => setHeight(measured.offsetHeight)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(measured)
    return () => observer.disconnect()
  }, [])
  return { element, height }
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
  const { element: head, height: margin } = useHeight()
  const isNarrow = useMedia(NARROW)
  const ids = useMemo(() => lines.flatMap((line) => (line.kind === 'task' ? [line.id] : [])), [lines])
  const latestIds = useRef(ids)
  useEffect(() => {
    latestIds.current = ids
  })
  const chosen = useStore(selection)
  const openTask = useOpenTask()

  const heights = useMemo(
    () => lines.map((line) => (line.kind === 'heading' ? HEADING : isNarrow ? TALL_ROW : ROW)),
    [lines, isNarrow],
  )
  const roving = useRoving(lines, ids, (index) => rows.scrollTo(index))
  const { root, current, setActive, focused } = roving
  // The tab stop stays mounted, else Tab would skip the list once it is scrolled away.
  const rows = useWindow({ heights, scroller, margin, keep: roving.currentIndex })
  useEffect(() => keepOnly(ids))

  useEffect(() => {
    if (rows.last >= lines.length - NEAR) onEndNear()
  }, [rows.last, lines.length, onEndNear])

  const open = useCallback(
    (id: string, element: HTMLElement, event: MouseEvent) => {
      setActive(id)
      if (event.shiftKey) selectTo(id, latestIds.current)
      else if (event.ctrlKey || event.metaKey) toggleSelected(id)
      else openTask(id, element)
    },
    [openTask, setActive],
  )

  const onKeyDown = useListKeys(roving, ids)
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
