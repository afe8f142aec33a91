import { createStore } from '#lib/store.ts'

interface Selection {
  ids: ReadonlySet<string>
  /** Where a range starts. */
  anchor: string | null
  /** On a phone, selecting is a mode: the boxes show although nothing is chosen yet. */
  choosing: boolean
}

const NONE: Selection = { ids: new Set(), anchor: null, choosing: false }

export const selection = createStore<Selection>(NONE)

export const clearSelection = () => selection.set(NONE)

export const startChoosing = () => selection.set({ ...NONE, choosing: true })

export function toggleSelected(id: string) {
  selection.set((state) => {
    const ids = new Set(state.ids)
    if (!ids.delete(id)) ids.add(id)
    return { ...state, ids, anchor: id }
  })
}

/** Selects everything between the anchor and `id`, both included, in the order shown. */
export function selectTo(id: string, order: readonly string[]) {
  selection.set((state) => {
    const from = order.indexOf(state.anchor ?? id)
    const to = order.indexOf(id)
    if (from < 0 || to < 0) return { ...state, ids: new Set([id]), anchor: id }
    return { ...state, ids: new Set(order.slice(Math.min(from, to), Math.max(from, to) + 1)) }
  })
}

export const selectAll = (order: readonly string[]) =>
  selection.set((state) => ({ ...state, ids: new Set(order), anchor: order[0] ?? null }))

/** Forgets what is no longer shown, so that a bulk change never touches what cannot be seen. */
export function keepOnly(order: readonly string[]) {
  const { ids } = selection.get()
  if (ids.size === 0) return
  const shown = new Set(order)
  const kept = new Set([...ids].filter((id) => shown.has(id)))
  if (kept.size !== ids.size) selection.set((state) => ({ ...state, ids: kept }))
}
