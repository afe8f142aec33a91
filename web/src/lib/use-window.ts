import { useCallback, useLayoutEffect, useMemo, useState, type RefObject } from 'react'
import { flushSync } from 'react-dom'

interface WindowOptions {
  /** The height of every line, in pixels. Known beforehand, so nothing is measured. */
  heights: readonly number[]
  scroller: RefObject<HTMLElement | null>
  /** What stands above the lines inside the scroller. */
  margin: number
  /** A line that stays mounted wherever the scroller is. */
  keep: number
}

interface Shown {
  index: number
  top: number
  height: number
}

const SPARE = 8
const FIRST_GUESS = 30
const FOOT = 96

/** The last line that starts at or above `y`. */
export function lineAt(tops: readonly number[], y: number): number {
  let low = 0
  let high = tops.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((tops[middle] ?? 0) <= y) low = middle
    else high = middle - 1
  }
  return Math.max(low, 0)
}

/**
 * Mounts only the lines near what can be seen. For lines of known height this is all a virtual
 * list is; the board, whose cards have to be measured, uses a library.
 */
export function useWindow({ heights, scroller, margin, keep }: WindowOptions) {
  const { tops, total } = useMemo(() => {
    let sum = 0
    const starts = heights.map((height) => {
      const start = sum
      sum += height
      return start
    })
    return { tops: starts, total: sum }
  }, [heights])
  const [[first, last], setRange] = useState<readonly [number, number]>([0, FIRST_GUESS])

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const look = () => {
      const y = element.scrollTop - margin
      const next = [lineAt(tops, y) - SPARE, lineAt(tops, y + element.clientHeight) + SPARE] as const
      setRange((range) => (range[0] === next[0] && range[1] === next[1] ? range : next))
    }
    // In the same frame as the scrolling, so that no gap is ever painted.
    const onScroll = () => flushSync(look)
    look()
    element.addEventListener('scroll', onScroll, { passive: true })
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => {
      element.removeEventListener('scroll', onScroll)
      observer.disconnect()
    }
  }, [scroller, margin, tops])

  const shown: Shown[] = []
  const add = (index: number) => shown.push({ index, top: tops[index] ?? 0, height: heights[index] ?? 0 })
  const from = Math.max(0, first)
  const to = Math.min(heights.length - 1, last)
  if (keep >= 0 && keep < from && keep < heights.length) add(keep)
  for (let index = from; index <= to; index++) add(index)
  if (keep > to && keep < heights.length) add(keep)

  const scrollTo = useCallback(
    (index: number) => {
      const element = scroller.current
      if (!element || index < 0) return
      const top = margin + (tops[index] ?? 0)
      const bottom = top + (heights[index] ?? 0)
      if (index === 0) element.scrollTop = 0
      else if (top < element.scrollTop) element.scrollTop = top
      else if (bottom > element.scrollTop + element.clientHeight - FOOT) {
        element.scrollTop = bottom - element.clientHeight + FOOT
      }
    },
    [scroller, margin, tops, heights],
  )
  return { shown, total, scrollTo, last: to }
}
