import { preferences, setPreference, type Theme } from '#lib/preferences.ts'
import { useStore } from '#lib/store.ts'
import { SwitchField } from '#ui/field.tsx'
import { Section } from '#ui/section.tsx'

const THEMES: [Theme, string][] = [
  ['system', 'As the device'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

export function AppearanceSettings() {
  const { theme, singleKeys } = useStore(preferences)
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-10">
      <Section title="Theme" note="Kept on this device.">
        <div role="radiogroup" aria-label="Theme" className="flex flex-wrap gap-2">
          {THEMES.map(([value, name]) => (
            <label
              key={value}
              className="flex h-10 items-center gap-2.5 rounded-lg border border-line px-4 hover:bg-hover has-checked:border-accent has-checked:bg-accent-wash touch:h-11"
            >
              <input
                type="radio"
                name="theme"
                className="accent-accent"
                checked={theme === value}
                onChange={() => setPreference('theme', value)}
              />
              {name}
            </label>
          ))}
        </div>
      </Section>
      <Section title="Keyboard" note="Kept on this device.">
        <SwitchField
          label="Shortcuts of a single key"
          hint="Like Q to add a task. Switch them off if they get in the way of speech or other input; those with Ctrl stay."
          checked={singleKeys}
          onChange={(on) => setPreference('singleKeys', on)}
        />
      </Section>
    </div>
  )
}
