import { useLayoutEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import type { Line } from './groups.ts'

/** Which row is the list's one tab stop, and moving the focus between rows that may not be mounted. */
export function useRoving(lines: Line[], ids: string[], scrollTo: (index: number) => void) {
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

  const hasFocus = () => root.current?.contains(document.activeElement) ?? false
  return { root, current, currentIndex, row, focus, hasFocus, setActive, focused }
}

export type Roving = ReturnType<typeof useRoving>
