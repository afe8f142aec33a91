import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'

let opener: HTMLElement | null = null

/** Where the focus goes back to when the task is closed. */
export const takeOpener = () => {
  const element = opener
  opener = null
  return element
}

/** Opens a task beside the page it was found on; the address keeps it (`?task=`). */
export function useOpenTask() {
  const navigate = useNavigate()
  return useCallback(
    (id: string | null, from?: HTMLElement | null) => {
      if (from) opener = from
      void navigate({
        to: '.',
        search: ((search: Record<string, unknown>) => ({ ...search, task: id ?? undefined })) as never,
      })
    },
    [navigate],
  )
}
