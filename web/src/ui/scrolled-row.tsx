import { useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { classes } from '#lib/classes.ts'

/** How much of an edge fades, in pixels: what is shown or has the focus stays clear of it. */
const FADE = 32

interface ScrolledRowProps {
  /** Which child is marked with `data-shown`: it stays in sight. */
  shown: string | undefined
  label?: string
  className: string
  children: ReactNode
}

/** A row that is scrolled sideways where it does not fit, and fades where it goes on. */
export function ScrolledRow({ shown, label, className, children }: ScrolledRowProps) {
  const place = useRef<HTMLDivElement>(null)
  const [more, setMore] = useState('')
  useLayoutEffect(() => {
    const row = place.current
    if (!row) return
    bringIntoSight(row)
    const look = () => setMore(edgesOf(row))
    look()
    row.addEventListener('scroll', look, { passive: true })
    const watch = new ResizeObserver(look)
    watch.observe(row)
    return () => {
      row.removeEventListener('scroll', look)
      watch.disconnect()
    }
  }, [shown])
  return (
    <div
      ref={place}
      role={label ? 'group' : undefined}
      aria-label={label}
      data-more={more}
      className={classes(
        'flex scroll-px-8 overflow-x-auto [scrollbar-width:none]',
        'data-[more~=end]:mask-r-from-[calc(100%-32px)] data-[more~=start]:mask-l-from-[calc(100%-32px)]',
        className,
      )}
    >
      {children}
    </div>
  )
}

/** At which edges a row goes on. Widths are whole pixels, where it stands is not. */
function edgesOf(row: HTMLElement) {
  const left = Math.round(row.scrollLeft)
  const edges = [left > 0 ? 'start' : '', left + row.clientWidth < row.scrollWidth ? 'end' : '']
  return edges.filter(Boolean).join(' ')
}

function bringIntoSight(row: HTMLElement) {
  const tab = row.querySelector('[data-shown]')
  if (!tab) return
  const [outer, inner] = [row.getBoundingClientRect(), tab.getBoundingClientRect()]
  if (inner.left < outer.left + FADE || inner.right > outer.right - FADE) {
    row.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2
  }
}
