import { useEffect, useRef } from 'react'

const AHEAD = '600px'

/** Calls when the element it is given comes into sight, or is about to. */
export function useEndNear(onNear: () => void) {
  const place = useRef<HTMLDivElement>(null)
  const latest = useRef(onNear)
  useEffect(() => {
    latest.current = onNear
  })
  useEffect(() => {
    const element = place.current
    if (!element || typeof IntersectionObserver === 'undefined') return
    const root = element.closest('[data-scroll]')
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) latest.current()
      },
      { root, rootMargin: AHEAD },
    )
    observer.observe(element)
    return () => observer.disconnect()
  })
  return place
}
