import { createStore } from '#lib/store.ts'

export type PickerKind = 'due' | 'priority' | 'labels' | 'status' | 'snooze' | 'actions'

export interface Picker {
  kind: PickerKind
  anchor: Element
  ids: string[]
}

/** The one open picker. Rows, cards, the bulk bar and the task panel all use it. */
export const picker = createStore<Picker | null>(null)

export const openPicker = (kind: PickerKind, anchor: Element, ids: string[]) =>
  picker.set({ kind, anchor, ids })
export const closePicker = () => picker.set(null)
