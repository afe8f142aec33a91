import type { KeyboardEvent, RefObject } from 'react'
import { useHotkeys } from '#lib/hotkeys.ts'
import type { Deed } from './job-filter.ts'
import type { Choice } from './use-choice.ts'
import { useRows } from './use-rows.ts'

interface JobKeys {
  root: RefObject<HTMLElement | null>
  ids: readonly string[]
  choice: Choice
  deeds: readonly Deed[]
  wish: (deed: Deed, ids: string[]) => void
}

/**
 * The keys of a list of jobs, as those of tasks. What changes jobs acts on the chosen ones, else on the one that
 * has the focus. Returns the handler of the keys the list keeps to itself.
 */
export function useJobKeys({ root, ids, choice, deeds, wish }: JobKeys) {
  const focused = useRows(root, ids)
  const onTargets = (wanted: Deed | undefined) => () => {
    const one = focused()
    const targets = choice.chosen.size > 0 ? [...choice.chosen] : one ? [one] : []
    if (!wanted || targets.length === 0) return false
    wish(wanted, targets)
  }
  useHotkeys({
    select: () => {
      const id = focused()
      if (!id || deeds.length === 0) return false
      choice.toggle(id)
    },
    retry: onTargets(deeds.find((deed) => deed === 'retry')),
    remove: onTargets(deeds.find((deed) => deed !== 'retry')),
  })

  return function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape' && choice.chosen.size > 0) choice.clear()
    else if ((event.ctrlKey || event.metaKey) && event.key === 'a' && deeds.length > 0) choice.chooseAll()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}
