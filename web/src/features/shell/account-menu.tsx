import { useNavigate } from '@tanstack/react-router'
import { sayError } from '#api/client.ts'
import { logOut } from '#api/session.ts'
import { openOverlay } from '#lib/overlay.ts'
import { preferences, setPreference, type Theme } from '#lib/preferences.ts'
import { useStore } from '#lib/store.ts'
import { say } from '#lib/toasts.ts'
import AnchoredMenu, { type MenuEntry } from '#ui/menu.tsx'

const THEMES: [Theme, string][] = [
  ['system', 'Theme of the device'],
  ['light', 'Light theme'],
  ['dark', 'Dark theme'],
]

export default function AccountMenu({ anchor, onClose }: { anchor: Element; onClose: () => void }) {
  const navigate = useNavigate()
  const { theme } = useStore(preferences)
  const leave = () =>
    logOut().then(
      () => navigate({ to: '/login' }),
      (error: unknown) => say(`Not logged out: ${sayError(error)}`, { tone: 'danger' }),
    )
  const entries: MenuEntry[] = [
    { label: 'Settings', keys: 'g ,', run: () => void navigate({ to: '/settings' }) },
    { label: 'Keyboard shortcuts', keys: '?', run: () => openOverlay('help') },
    ...THEMES.map(([value, label], index) => ({
      label,
      apart: index === 0,
      checked: theme === value,
      run: () => setPreference('theme', value),
    })),
    { label: 'Log out', apart: true, run: () => void leave() },
  ]
  return <AnchoredMenu anchor={anchor} label="Account" entries={entries} onClose={onClose} />
}
