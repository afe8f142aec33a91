import { useLayoutEffect, useState, type RefObject } from 'react'

/** How much of an edge fades, in pixels. */
export const FADE = 32

/** Fades a box with `data-more` at the edges where it goes on. */
export const FADING =
  'data-[more~=end]:mask-r-from-[calc(100%-32px)] data-[more~=start]:mask-l-from-[calc(100%-32px)]'

/** At which edges a box that is scrolled sideways goes on: "start", "end", both or none. */
export function useEdges(place: RefObject<HTMLElement | null>): string {
  const [edges, setEdges] = useState('')
  useLayoutEffect(() => {
    const box = place.current
    if (!box) return
    const look = () => setEdges(edgesOf(box))
    look()
    box.addEventListener('scroll', look, { passive: true })
    const watch = new ResizeObserver(look)
    for (const element of [box, ...box.children]) watch.observe(element)
    return () => {
      box.removeEventListener('scroll', look)
      watch.disconnect()
    }
  }, [place])
  return edges
}

/** Widths are whole pixels; where it stands is not. */
function edgesOf(box: HTMLElement) {
  const left = Math.round(box.scrollLeft)
  const edges = [left > 0 ? 'start' : '', left + box.clientWidth < box.scrollWidth ? 'end' : '']
  return edges.filter(Boolean).join(' ')
}
