import type { RefObject } from 'react'
import { useHotkeys } from '#lib/hotkeys.ts'

/**
 * Walks the rows of a list by keyboard. Each has its id in `data-row`, and what takes the focus is the first link
 * or button of it. Answers how to find the row that has the focus.
 */
export function useRows(root: RefObject<HTMLElement | null>, ids: readonly string[]) {
  const focused = () => {
    const row = document.activeElement?.closest<HTMLElement>('[data-row]')
    return row && root.current?.contains(row) ? (row.dataset.row ?? null) : null
  }
  const step = (distance: number) => () => {
    const id = focused()
    const place = id === null ? 0 : ids.indexOf(id) + distance
    const next = ids[Math.max(0, Math.min(ids.length - 1, place))]
    const control = root.current?.querySelector(`[data-row="${next}"] :is(a, button)`)
    if (!(control instanceof HTMLElement)) return false
    control.focus()
    control.scrollIntoView?.({ block: 'nearest' })
  }
  useHotkeys({ next: step(1), previous: step(-1) })
  return focused
}
