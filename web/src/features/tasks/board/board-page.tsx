import { announce } from '@atlaskit/pragmatic-drag-and-drop-live-region'
import { monitorForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter'
import { useSearch } from '@tanstack/react-router'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { edit, knownTask, moveToTrash, toggleCompleted } from '#api/task-actions.ts'
import type { TaskFilter } from '#api/task-filter.ts'
import { STATUS_NAMES, STATUSES, type Status, type Task } from '#api/types.ts'
import { useHotkeys } from '#lib/hotkeys.ts'
import { useToday } from '#lib/use-today.ts'
import { PageHeader } from '#ui/page.tsx'
import { FilterBar } from '../list/filter-bar.tsx'
import { useOpenTask } from '../open-task.ts'
import { openPicker, type PickerKind } from '../picker/state.ts'
import { Column } from './column.tsx'

/** A card picked up with the keyboard, and the column it hovers over. */
export interface Carried {
  task: Task
  over: Status
}

/** A card that has just moved: it takes the focus where it lands. */
export interface Landing {
  id: string
  status: Status
}

const cardOf = (element: Element | null) => element?.closest<HTMLElement>('[data-card]') ?? null

/** The card of another column that stands at about the same height. */
function neighbour(card: HTMLElement, status: Status): HTMLElement | null {
  const top = card.getBoundingClientRect().top
  const cards = [...document.querySelectorAll<HTMLElement>(`[data-column="${status}"] [data-card]`)]
  const distance = (one: HTMLElement) => Math.abs(one.getBoundingClientRect().top - top)
  return cards.toSorted((a, b) => distance(a) - distance(b))[0] ?? null
}

function useMoves() {
  const [wanted, setWanted] = useState<Landing | null>(null)
  function move(task: Task, status: Status) {
    if (task.status === status) return
    void edit([{ id: task.id, change: { status } }], {
      said: `Moved “${task.title}” to ${STATUS_NAMES[status]}`,
    })
    setWanted({ id: task.id, status })
  }
  return { move, wanted, found: () => setWanted(null) }
}

export function BoardPage({ filter }: { filter: TaskFilter }) {
  const today = useToday()
  const hintId = useId()
  const board = useRef<HTMLDivElement>(null)
  const openTask = useOpenTask()
  const { task: openedId } = useSearch({ strict: false })
  const [carried, setCarried] = useState<Carried | null>(null)
  const { move, wanted, found } = useMoves()
  const latestMove = useRef(move)
  useEffect(() => {
    latestMove.current = move
  })

  useEffect(
    () =>
      monitorForElements({
        onDrop({ source, location }) {
          const over = location.current.dropTargets[0]?.data.status as Status | undefined
          const task = knownTask(String(source.data.id))
          if (!task || !over) return
          latestMove.current(task, over)
          announce(`${task.title} is now in ${STATUS_NAMES[over]}.`)
        },
      }),
    [],
  )

  function carry(task: Task, over: Status) {
    setCarried({ task, over })
    announce(`Over ${STATUS_NAMES[over]}, column ${STATUSES.indexOf(over) + 1} of ${STATUSES.length}.`)
  }
  function putDown(drop: boolean) {
    if (!carried) return
    const { task, over } = carried
    setCarried(null)
    if (drop) move(task, over)
    announce(
      drop
        ? `Dropped ${task.title} in ${STATUS_NAMES[over]}.`
        : `Cancelled. ${task.title} stays where it was.`,
    )
  }

  function onKeyDown(event: KeyboardEvent) {
    const card = event.target === cardOf(event.target as Element) ? (event.target as HTMLElement) : null
    const task = card && knownTask(card.dataset.card ?? '')
    if (!card || !task || event.ctrlKey || event.metaKey || event.altKey) return
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (event.key === ' ') {
      if (carried) putDown(true)
      else {
        setCarried({ task, over: task.status })
        announce(
          `Picked up ${task.title} in ${STATUS_NAMES[task.status]}. Left and right choose a column, Space drops it, Escape cancels.`,
        )
      }
    } else if (event.key === 'Escape' && carried) putDown(false)
    else if (sideways && carried) {
      const over = STATUSES[STATUSES.indexOf(carried.over) + sideways]
      if (over) carry(carried.task, over)
    } else if (sideways) {
      // A column without cards is passed over.
      let index = STATUSES.indexOf(task.status) + sideways
      let next: HTMLElement | null = null
      for (; !next && STATUSES[index]; index += sideways) next = neighbour(card, STATUSES[index] as Status)
      next?.focus()
    } else if (event.key === 'Enter') openTask(task.id, card)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  const current = () => cardOf(document.activeElement)
  const pick = (kind: PickerKind) => () => {
    const card = current()
    if (!card) return false
    openPicker(kind, card, [card.dataset.card ?? ''])
  }
  const withCurrent = (act: (ids: string[]) => unknown) => () => {
    const card = current()
    if (!card) return false
    act([card.dataset.card ?? ''])
  }
  useHotkeys({
    due: pick('due'),
    priority: pick('priority'),
    labels: pick('labels'),
    move: pick('status'),
    remove: withCurrent(moveToTrash),
    complete: (event) => (event.key === ' ' ? false : withCurrent(toggleCompleted)()),
    next: () => {
      if (current()) return false
      board.current?.querySelector<HTMLElement>('[data-card][tabindex="0"]')?.focus()
    },
  })

  return (
    <div className="flex h-full flex-col">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3 px-4 pt-3 pb-3 md:px-8 md:pt-7">
        <PageHeader title="Board" />
        <FilterBar filter={filter} facets={['Due', 'Priority', 'Label']} selectable={false} />
      </div>
      <p id={hintId} hidden>
        Press Space to pick the card up, left and right to choose a column, Space to drop it, Escape to
        cancel.
      </p>
      <div
        ref={board}
        role="presentation"
        className="grid min-h-0 flex-1 snap-x snap-mandatory scroll-px-4 auto-cols-[minmax(260px,1fr)] grid-flow-col gap-3 overflow-x-auto px-4 pb-4 max-md:auto-cols-[82%] md:px-8"
        onKeyDown={onKeyDown}
        onBlur={() => setCarried(null)}
      >
        {STATUSES.map((status) => (
          <Column
            key={status}
            status={status}
            filter={filter}
            today={today}
            carried={carried}
            hintId={hintId}
            openedId={openedId}
            wanted={wanted}
            onFound={found}
            onOpen={openTask}
          />
        ))}
      </div>
    </div>
  )
}
