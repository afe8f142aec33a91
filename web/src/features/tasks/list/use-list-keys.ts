import type { KeyboardEvent } from 'react'
import { moveToTrash, toggleCompleted } from '#api/task-actions.ts'
import { useHotkeys } from '#lib/hotkeys.ts'
import { useStore } from '#lib/store.ts'
import { useOpenTask } from '../open-task.ts'
import { openPicker, type PickerKind } from '../picker/state.ts'
import { clearSelection, selectAll, selection, selectTo, toggleSelected } from '../selection.ts'
import type { Roving } from './use-roving.ts'

/**
 * The keys of a list. What changes tasks acts on the selection, else on the row that has the
 * focus; never on a row nobody is looking at. Returns the handler of the keys a list keeps to itself.
 */
export function useListKeys({ current, row, focus, hasFocus }: Roving, ids: string[]) {
  const chosen = useStore(selection)
  const openTask = useOpenTask()
  const focused = () => (hasFocus() ? current : null)

  const step = (distance: number) => {
    const index = current === null ? -1 : ids.indexOf(current)
    focus(ids[hasFocus() ? Math.max(0, Math.min(ids.length - 1, index + distance)) : Math.max(index, 0)])
  }
  const onTargets = (act: (targets: string[]) => void) => () => {
    const one = focused()
    const targets = chosen.ids.size > 0 ? [...chosen.ids] : one ? [one] : []
    if (targets.length === 0) return false
    act(targets)
  }
  const pick = (kind: PickerKind) =>
    onTargets((targets) => {
      const anchor = row(current)
      if (anchor) openPicker(kind, anchor, targets)
    })
  const withFocused = (act: (id: string) => void) => () => {
    const id = focused()
    if (!id) return false
    act(id)
  }
  useHotkeys({
    next: () => step(1),
    previous: () => step(-1),
    open: withFocused((id) => openTask(id, row(id))),
    complete: onTargets((targets) => void toggleCompleted(targets)),
    select: withFocused(toggleSelected),
    due: pick('due'),
    priority: pick('priority'),
    labels: pick('labels'),
    move: pick('status'),
    remove: onTargets((targets) => {
      void moveToTrash(targets)
      clearSelection()
    }),
  })

  return function onKeyDown(event: KeyboardEvent) {
    const { key } = event
    if (key === 'Escape' && (chosen.ids.size > 0 || chosen.choosing)) clearSelection()
    else if (event.shiftKey && (key === 'ArrowDown' || key === 'ArrowUp') && current) {
      const next = ids[ids.indexOf(current) + (key === 'ArrowDown' ? 1 : -1)]
      if (!next) return
      if (chosen.ids.size === 0) toggleSelected(current)
      selectTo(next, ids)
      focus(next)
    } else if ((event.ctrlKey || event.metaKey) && key === 'a') selectAll(ids)
    else if (key === 'Home') focus(ids[0])
    else if (key === 'End') focus(ids.at(-1))
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}
