import { createStore } from './store.ts'

export type Theme = 'system' | 'light' | 'dark'

/** What belongs to this device rather than to the account. Kept in localStorage. */
interface Preferences {
  theme: Theme
  singleKeys: boolean
}

/** public/theme.js reads the same key before the first paint. */
const KEY = 'duly.preferences'

function load(): Preferences {
  const defaults: Preferences = { theme: 'system', singleKeys: true }
  try {
    return { ...defaults, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>) }
  } catch {
    return defaults
  }
}

export const preferences = createStore<Preferences>(load())

export function setPreference<Name extends keyof Preferences>(name: Name, value: Preferences[Name]) {
  preferences.set((state) => ({ ...state, [name]: value }))
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.get()))
  } catch {
    // A browser that keeps nothing still shows the choice until the page is left.
  }
  applyTheme()
}

const darkDevice = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : null

function applyTheme() {
  const { theme } = preferences.get()
  const dark = theme === 'dark' || (theme === 'system' && !!darkDevice?.matches)
  document.documentElement.classList.toggle('dark', dark)
}

/** Follows the device while the choice is "system". Call once. */
export function watchTheme() {
  applyTheme()
  darkDevice?.addEventListener('change', applyTheme)
}
