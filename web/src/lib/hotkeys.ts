import { useEffect, useRef } from 'react'
import { preferences } from './preferences.ts'

export type HotkeyGroup =
  | 'Anywhere'
  | 'Go to'
  | 'In a list'
  | 'On the board'
  | 'In a task'
  | 'In a list of jobs'
  | 'In a list of schedules'

export interface Hotkey {
  /** Key names as KeyboardEvent.key; "mod" is Ctrl, or Command on a Mac; two parts are typed in turn. */
  keys: string[]
  group: HotkeyGroup
  label: string
  /** Only shown in the sheet: the component that owns the keys reads them itself. */
  local?: true
}

/** Every shortcut there is. The help sheet is made from this table. */
export const HOTKEYS = {
  palette: { keys: ['mod+k'], group: 'Anywhere', label: 'Search or jump to anything' },
  add: { keys: ['q', 'c'], group: 'Anywhere', label: 'Add a task' },
  search: { keys: ['/'], group: 'Anywhere', label: 'Search in this list' },
  undo: { keys: ['mod+z'], group: 'Anywhere', label: 'Undo' },
  help: { keys: ['?'], group: 'Anywhere', label: 'Show this sheet' },
  close: { keys: ['Escape'], group: 'Anywhere', label: 'Close or clear, one layer at a time', local: true },

  goInbox: { keys: ['g i'], group: 'Go to', label: 'All open tasks' },
  goToday: { keys: ['g t'], group: 'Go to', label: 'Today' },
  goUpcoming: { keys: ['g u'], group: 'Go to', label: 'Upcoming week' },
  goOverdue: { keys: ['g o'], group: 'Go to', label: 'Overdue' },
  goCompleted: { keys: ['g c'], group: 'Go to', label: 'Completed' },
  goBoard: { keys: ['g b'], group: 'Go to', label: 'Board' },
  goStatistics: { keys: ['g s'], group: 'Go to', label: 'Statistics' },
  goTrash: { keys: ['g x'], group: 'Go to', label: 'Trash' },
  goSettings: { keys: ['g ,'], group: 'Go to', label: 'Settings' },

  next: { keys: ['j', 'ArrowDown'], group: 'In a list', label: 'Next task' },
  previous: { keys: ['k', 'ArrowUp'], group: 'In a list', label: 'Previous task' },
  open: { keys: ['Enter'], group: 'In a list', label: 'Open the task' },
  complete: { keys: ['e', ' '], group: 'In a list', label: 'Complete, or open again' },
  select: { keys: ['x'], group: 'In a list', label: 'Select' },
  extend: {
    keys: ['shift+ArrowDown', 'shift+ArrowUp'],
    group: 'In a list',
    label: 'Select a range',
    local: true,
  },
  selectAll: { keys: ['mod+a'], group: 'In a list', label: 'Select all', local: true },
  due: { keys: ['d'], group: 'In a list', label: 'Set the due date' },
  priority: { keys: ['p'], group: 'In a list', label: 'Set the priority' },
  labels: { keys: ['l'], group: 'In a list', label: 'Set labels' },
  move: { keys: ['m'], group: 'In a list', label: 'Move to a status' },
  remove: { keys: ['Delete', '#'], group: 'In a list', label: 'Move to the trash' },

  pickUp: { keys: [' '], group: 'On the board', label: 'Pick a card up, and put it down', local: true },
  carry: {
    keys: ['ArrowLeft', 'ArrowRight'],
    group: 'On the board',
    label: 'Move between columns; carries the card that is picked up',
    local: true,
  },
  putBack: { keys: ['Escape'], group: 'On the board', label: 'Put the card back', local: true },

  saveText: { keys: ['mod+Enter'], group: 'In a task', label: 'Save the description', local: true },
  closeTask: { keys: ['Escape'], group: 'In a task', label: 'Close the task', local: true },

  walkJobs: { keys: ['j', 'k'], group: 'In a list of jobs', label: 'Next, or previous', local: true },
  openJob: { keys: ['Enter'], group: 'In a list of jobs', label: 'Open the job', local: true },
  selectJob: { keys: ['x'], group: 'In a list of jobs', label: 'Select', local: true },
  retry: { keys: ['r'], group: 'In a list of jobs', label: 'Retry what failed' },
  endJob: { keys: ['Delete', '#'], group: 'In a list of jobs', label: 'Cancel or forget', local: true },

  walkSchedules: {
    keys: ['j', 'k'],
    group: 'In a list of schedules',
    label: 'Next, or previous',
    local: true,
  },
  openSchedule: { keys: ['Enter'], group: 'In a list of schedules', label: 'See its jobs', local: true },
  runSchedule: { keys: ['r'], group: 'In a list of schedules', label: 'Run it now', local: true },
  pauseSchedule: { keys: ['p'], group: 'In a list of schedules', label: 'Pause, or resume', local: true },
} as const satisfies Record<string, Hotkey>

type HotkeyName = keyof typeof HOTKEYS

const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent)

const NAMES: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  ' ': 'Space',
  Escape: 'Esc',
  shift: isMac ? '⇧' : 'Shift',
  mod: isMac ? '⌘' : 'Ctrl',
}

/** "mod+k" as the caps to draw: ["Ctrl", "K"]; "g t" as ["G", "then", "T"]. */
export function keyCaps(combination: string): string[] {
  if (combination === ' ') return ['Space']
  return combination.split(' ').flatMap((part, index) => {
    const caps = part.split('+').map((key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key))
    return index > 0 ? ['then', ...caps] : caps
  })
}

/** The name of a key press in the form used by the table. */
export function pressOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>) {
  const mod = event.ctrlKey || event.metaKey
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const shift = event.shiftKey && event.key.length > 1
  return `${event.altKey ? 'alt+' : ''}${mod ? 'mod+' : ''}${shift ? 'shift+' : ''}${key}`
}

/** A press of a plain character, which people may switch off (WCAG 2.1.4). */
export const isSingleKey = (combination: string) =>
  combination.split(' ').every((part) => part.length === 1 && part !== ' ')

export type Handlers = Partial<Record<HotkeyName, (event: KeyboardEvent) => boolean | void>>

/**
 * Finds which shortcut a press completes. `pending` is the first half of a two-key shortcut.
 * Answers the names that match, and the new pending half if the press starts a longer one.
 */
export function matchPress(press: string, pending: string | null, singleKeys: boolean) {
  const wanted = pending ? `${pending} ${press}` : press
  const names: HotkeyName[] = []
  let starts = false
  for (const [name, hotkey] of Object.entries(HOTKEYS) as [HotkeyName, Hotkey][]) {
    if (hotkey.local) continue
    for (const keys of hotkey.keys) {
      if (!singleKeys && isSingleKey(keys)) continue
      if (keys === wanted) names.push(name)
      else if (!pending && keys.length > 1 && keys.startsWith(`${press} `)) starts = true
    }
  }
  return { names, pending: starts ? press : null }
}

const layers: { current: Handlers }[] = []
let pending: string | null = null
let pendingSince = 0
const SEQUENCE_MS = 1500

const TYPING =
  'input:not([type=checkbox]):not([type=radio]):not([type=button]),textarea,select,[contenteditable=true]'
const OWN_KEYS = `${TYPING},dialog,[role=menu],[role=dialog],[role=listbox]`

function onKeyDown(event: KeyboardEvent) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return
  const press = pressOf(event)
  const target = event.target instanceof Element ? event.target : null
  const anywhere = press === 'mod+k'
  if (!anywhere && target?.closest(OWN_KEYS)) return
  if (!anywhere && document.querySelector('dialog[open]')) return
  // A focused button answers Space and Enter itself.
  if ((press === ' ' || press === 'Enter') && target?.closest('button,a,summary,input')) return

  const first = pending && event.timeStamp - pendingSince < SEQUENCE_MS ? pending : null
  const match = matchPress(press, first, preferences.get().singleKeys)
  pending = match.pending
  pendingSince = event.timeStamp
  for (let index = layers.length - 1; index >= 0; index--) {
    for (const name of match.names) {
      const handler = layers[index]?.current[name]
      if (handler && handler(event) !== false) {
        event.preventDefault()
        return
      }
    }
  }
}

/** Answers shortcuts while the component is mounted. The newest component is asked first; `false` passes on. */
export function useHotkeys(handlers: Handlers) {
  const latest = useRef(handlers)
  useEffect(() => {
    latest.current = handlers
  })
  useEffect(() => {
    const layer = latest
    if (layers.length === 0) document.addEventListener('keydown', onKeyDown)
    layers.push(layer)
    return () => {
      layers.splice(layers.indexOf(layer), 1)
      if (layers.length === 0) document.removeEventListener('keydown', onKeyDown)
    }
  }, [])
}
