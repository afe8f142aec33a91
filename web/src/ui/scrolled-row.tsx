import { useLayoutEffect, useRef, type ReactNode } from 'react'
import { classes } from '#lib/classes.ts'
import { FADE, FADING, useEdges } from './edges.ts'

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
  const more = useEdges(place)
  useLayoutEffect(() => {
    if (place.current) bringIntoSight(place.current)
  }, [shown])
  return (
    <div
      ref={place}
      role={label ? 'group' : undefined}
      aria-label={label}
      data-more={more}
      className={classes('flex scroll-px-8 overflow-x-auto [scrollbar-width:none]', FADING, className)}
    >
      {children}
    </div>
  )
}

/** Clear of the edges that fade. */
function bringIntoSight(row: HTMLElement) {
  const tab = row.querySelector('[data-shown]')
  if (!tab) return
  const [outer, inner] = [row.getBoundingClientRect(), tab.getBoundingClientRect()]
  if (inner.left < outer.left + FADE || inner.right > outer.right - FADE) {
    row.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2
  }
}
