import { useCallback, useSyncExternalStore } from 'react'

/** Whether a media query holds now, and whenever that changes. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = matchMedia(query)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    [query],
  )
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches)
}

/** Phones: taller rows, other toolbars. */
export const NARROW = '(width < 768px)'
/** Too narrow to show a task beside the list. */
export const ONE_COLUMN = '(width < 1024px)'
