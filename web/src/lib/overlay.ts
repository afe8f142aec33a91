import { flushSync } from 'react-dom'
import { createStore } from './store.ts'

/** The layers that cover the page. At most one is open. */
export type Overlay = 'quick-add' | 'palette' | 'help' | 'navigation' | null

export const overlay = createStore<Overlay>(null)

/**
 * Opens a layer within the key press itself: its input exists and has the focus before the
 * next letter arrives, so fast typing is never lost.
 */
export const openOverlay = (name: Overlay) => flushSync(() => overlay.set(name))
export const closeOverlay = () => overlay.set(null)
