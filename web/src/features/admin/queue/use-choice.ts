import { useMemo, useRef, useState } from 'react'

/** Which of the things that are shown are chosen. What is not shown any more is not chosen either. */
export function useChoice(ids: readonly string[]) {
  const [wanted, setWanted] = useState<ReadonlySet<string>>(new Set())
  const anchor = useRef<string | null>(null)
  const chosen = useMemo(() => new Set(ids.filter((id) => wanted.has(id))), [ids, wanted])

  const toggle = (id: string) => {
    anchor.current = id
    setWanted((before) => {
      const next = new Set(before)
      if (!next.delete(id)) next.add(id)
      return next
    })
  }
  /** Chooses all from the last one that was chosen to this one. */
  const extend = (id: string) => {
    const from = anchor.current === null ? -1 : ids.indexOf(anchor.current)
    const to = ids.indexOf(id)
    if (from < 0 || to < 0) return toggle(id)
    const between = ids.slice(Math.min(from, to), Math.max(from, to) + 1)
    setWanted((before) => new Set([...before, ...between]))
  }
  const clear = () => setWanted(new Set())
  const chooseAll = () => setWanted(new Set(ids))
  return { chosen, toggle, extend, clear, chooseAll }
}

export type Choice = ReturnType<typeof useChoice>
