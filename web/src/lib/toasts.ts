import { createStore } from './store.ts'
import { remember, takeBack } from './undo.ts'

export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'danger'
  action?: { label: string; run: () => void }
}

const VISIBLE = 3
let serial = 0

export const toasts = createStore<Toast[]>([])

export function say(text: string, options: Partial<Pick<Toast, 'tone' | 'action'>> = {}): number {
  const toast: Toast = { id: ++serial, text, tone: 'plain', ...options }
  toasts.set((all) => [...all.slice(1 - VISIBLE), toast])
  return toast.id
}

/** Says what was done and offers to take it back, here and by the undo key. */
export function sayWithUndo(said: string, undo: () => void) {
  const entry = { said, undo }
  remember(entry)
  say(said, { action: { label: 'Undo', run: () => void takeBack(entry) } })
}

export const dismiss = (id: number) => toasts.set((all) => all.filter((toast) => toast.id !== id))
