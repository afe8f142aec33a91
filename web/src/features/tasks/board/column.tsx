import { autoScrollForElements } from '@atlaskit/pragmatic-drag-and-drop-auto-scroll/element'
import { dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter'
import { useInfiniteQuery } from '@tanstack/react-query'
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react'
import { tasksQuery } from '#api/queries.ts'
import type { TaskFilter } from '#api/task-filter.ts'
import { STATUS_NAMES, type Status } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { ErrorState } from '#ui/states.tsx'
import type { Carried, Landing } from './board-page.tsx'
import { Card } from './card.tsx'

interface ColumnProps {
  status: Status
  filter: TaskFilter
  today: string
  carried: Carried | null
  hintId: string
  openedId: string | undefined
  wanted: Landing | null
  onFound: () => void
  onOpen: (id: string, card: HTMLElement) => void
}

const CARD = 76
const GAP = 8
const NEAR = 6

function useDropTarget(status: Status) {
  const column = useRef<HTMLElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const [over, setOver] = useState(false)
  useEffect(() => {
    const [element, scrolling] = [column.current, scroller.current]
    if (!element || !scrolling) return
    const stopTarget = dropTargetForElements({
      element,
      getData: () => ({ status }),
      onDragEnter: () => setOver(true),
      onDragLeave: () => setOver(false),
      onDrop: () => setOver(false),
    })
    const stopScroll = autoScrollForElements({ element: scrolling })
    return () => {
      stopTarget()
      stopScroll()
    }
  }, [status])
  return { column, scroller, over }
}

export function Column(props: ColumnProps) {
  const { status, filter, today, carried, hintId, openedId, wanted, onFound, onOpen } = props
  const list = useInfiniteQuery(tasksQuery({ ...filter, status }))
  // A card that has just left stands in its new column already.
  const tasks = (list.data?.pages.flatMap((page) => page.data) ?? []).filter((task) => task.status === status)
  const { column, scroller, over } = useDropTarget(status)
  const [active, setActive] = useState<string | null>(null)
  const stop = Math.max(
    0,
    tasks.findIndex((task) => task.id === active),
  )

  const virtual = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => tasks[index]?.id ?? index,
    estimateSize: () => CARD,
    gap: GAP,
    overscan: 6,
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range)
      return stop >= tasks.length || shown.includes(stop) ? shown : [...shown, stop].toSorted((a, b) => a - b)
    },
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  useEffect(() => {
    if (last >= tasks.length - NEAR && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [last, tasks.length, hasNextPage, isFetchingNextPage, fetchNextPage])

  const focusCard = (index: number) => {
    const task = tasks[index]
    if (!task) return
    setActive(task.id)
    virtual.scrollToIndex(index)
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-card="${CSS.escape(task.id)}"]`)?.focus(),
    )
  }
  const landed = wanted?.status === status ? tasks.findIndex((task) => task.id === wanted.id) : -1
  useLayoutEffect(() => {
    if (landed < 0) return
    focusCard(landed)
    onFound()
  })

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key]
    if (!step || carried || !(event.target as Element).matches('[data-card]')) return
    event.preventDefault()
    event.stopPropagation()
    focusCard(Math.max(0, Math.min(tasks.length - 1, stop + step)))
  }

  const ghost = carried && carried.over === status && carried.task.status !== status ? carried.task : null
  return (
    <section
      ref={column}
      data-column={status}
      aria-label={STATUS_NAMES[status]}
      className={classes(
        'flex min-h-0 snap-start flex-col rounded-xl bg-canvas transition-colors',
        (over || carried?.over === status) && 'bg-accent-wash outline-2 -outline-offset-2 outline-accent',
      )}
    >
      <h2 className="flex items-baseline gap-2 px-4 pt-3 pb-2 text-sm font-semibold">
        {STATUS_NAMES[status]}
        <span className="text-xs font-normal text-soft tabular-nums">
          {tasks.length}
          {hasNextPage ? '+' : ''}
        </span>
      </h2>
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto px-2 pt-0.5 pb-2">
        {ghost ? (
          <div className="mb-2 rounded-lg border-2 border-dashed border-accent bg-sheet px-3 py-2.5 text-base text-soft">
            {ghost.title}
          </div>
        ) : null}
        {list.isError ? <ErrorState error={list.error} retry={() => void list.refetch()} /> : null}
        {list.isSuccess && tasks.length === 0 && !ghost ? (
          <p className="px-2 py-6 text-center text-sm text-soft">Nothing here</p>
        ) : null}
        {tasks.length > 0 ? (
          <div
            role="list"
            aria-label={STATUS_NAMES[status]}
            className="relative"
            style={{ height: virtual.getTotalSize() }}
            onKeyDown={onKeyDown}
          >
            {items.map((item) => {
              const task = tasks[item.index]
              return task ? (
                <div
                  key={item.key}
                  ref={virtual.measureElement}
                  data-index={item.index}
                  role="listitem"
                  aria-setsize={hasNextPage ? -1 : tasks.length}
                  aria-posinset={item.index + 1}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <Card
                    task={task}
                    today={today}
                    stop={item.index === stop}
                    carried={carried?.task.id === task.id}
                    opened={openedId === task.id}
                    hintId={hintId}
                    onFocus={setActive}
                    onOpen={onOpen}
                  />
                </div>
              ) : null
            })}
          </div>
        ) : null}
      </div>
    </section>
  )
}
