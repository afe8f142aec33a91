import { X } from 'lucide-react'
import { HOTKEYS, type Hotkey, type HotkeyGroup } from '#lib/hotkeys.ts'
import { closeOverlay } from '#lib/overlay.ts'
import { preferences } from '#lib/preferences.ts'
import { useStore } from '#lib/store.ts'
import { IconButton } from '#ui/button.tsx'
import { Keys } from '#ui/kbd.tsx'
import { Modal } from '#ui/modal.tsx'

/** Every shortcut, made from the table that also makes them work. */
export default function HelpSheet() {
  const { singleKeys } = useStore(preferences)
  const groups = new Map<HotkeyGroup, Hotkey[]>()
  for (const hotkey of Object.values(HOTKEYS) as Hotkey[]) {
    groups.set(hotkey.group, [...(groups.get(hotkey.group) ?? []), hotkey])
  }
  return (
    <Modal
      label="Keyboard shortcuts"
      onClose={closeOverlay}
      className="m-auto max-h-[85dvh] w-[min(760px,calc(100%-24px))] animate-rise overflow-y-auto"
    >
      <div className="sticky top-0 flex items-center justify-between border-b border-line bg-raised py-2.5 pr-3 pl-6">
        <h2 className="text-lg font-semibold">Keyboard shortcuts</h2>
        <IconButton label="Close" icon={<X size={16} aria-hidden />} onClick={closeOverlay} />
      </div>
      {singleKeys ? null : (
        <p className="px-6 pt-4 text-sm text-soft">
          Shortcuts of a single key are switched off in your settings.
        </p>
      )}
      <div className="columns-2 gap-10 p-6 max-md:columns-1">
        {[...groups].map(([group, hotkeys]) => (
          <section key={group} className="mb-6 break-inside-avoid" aria-label={group}>
            <h3 className="mb-1.5 text-xs font-medium text-soft">{group}</h3>
            <dl className="grid gap-px">
              {hotkeys.map((hotkey) => (
                <div key={hotkey.label} className="flex min-h-7 items-center justify-between gap-4 text-sm">
                  <dt>{hotkey.label}</dt>
                  <dd className="flex items-center gap-1.5">
                    {hotkey.keys.map((keys, index) => (
                      <span key={keys} className="flex items-center gap-1.5">
                        {index > 0 ? <span className="text-xs text-soft">or</span> : null}
                        <Keys keys={keys} className="touch:!inline-flex" />
                        <span className="sr-only">{keys === ' ' ? 'Space' : keys}</span>
                      </span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  )
}
