import { useLayoutEffect, useRef, useState } from 'react'

const FIRST_GUESS = 900
export const CHART_HEIGHT = 220
const FOOT = 24
const HEAD = 8
const PLOT = CHART_HEIGHT - FOOT - HEAD

const ROUND = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((first) => first * 10 ** power))

/** A round number of steps that holds the highest value. */
export function scaleFor(highest: number, sizes: readonly number[] = ROUND) {
  const step = sizes.find((size) => highest / size <= 4) ?? sizes.at(-1) ?? 1
  const steps = Math.max(1, Math.ceil(highest / step))
  return { top: steps * step, marks: Array.from({ length: steps + 1 }, (_, index) => index * step) }
}

/** The drawing is as wide as its place, so that its text keeps its size. */
export function useWidth() {
  const place = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(FIRST_GUESS)
  useLayoutEffect(() => {
    const element = place.current
    if (!element || typeof ResizeObserver === 'undefined') return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { place, width }
}

/** Where things are in a drawing of `number` slots side by side, whose values go up to `top`. */
export function layOutChart(width: number, left: number, number: number, top: number) {
  const slot = (width - left) / Math.max(1, number)
  return {
    slot,
    plot: { y: HEAD, height: PLOT },
    y: (value: number) => HEAD + PLOT - (value / top) * PLOT,
    middle: (index: number) => left + slot * (index + 0.5),
  }
}

interface GridProps {
  left: number
  width: number
  marks: number[]
  y: (value: number) => number
  say?: (mark: number) => string
}

/** The lines behind the drawing, and what they stand for. */
export function ChartGrid({ left, width, marks, y, say = String }: GridProps) {
  return marks.map((mark) => (
    <g key={mark}>
      <line x1={left} x2={width} y1={y(mark)} y2={y(mark)} className="stroke-line" />
      <text x={left - 8} y={y(mark) + 4} textAnchor="end" className="fill-soft text-[12px] tabular-nums">
        {say(mark)}
      </text>
    </g>
  ))
}
