import { CSPProvider } from '@base-ui/react/csp-provider'
import { Menu } from '@base-ui/react/menu'
import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import { classes } from '#lib/classes.ts'
import { Keys } from './kbd.tsx'
import { landmarkOf } from './landmark.ts'

export interface MenuEntry {
  label: string
  icon?: ReactNode
  keys?: string
  /** Given for entries that are on or off; the menu then stays open unless `closes`. */
  checked?: boolean
  closes?: boolean
  danger?: boolean
  /** Draws a line above. */
  apart?: boolean
  run: () => void
}

interface AnchoredMenuProps {
  anchor: Element
  label: string
  entries: MenuEntry[]
  onClose: () => void
}

const ITEM =
  'flex h-8 items-center gap-2.5 rounded-md px-2 text-sm outline-none select-none data-highlighted:bg-hover touch:h-11 touch:text-base forced-colors:data-highlighted:outline-2'

/** A menu opened next to any element, with no trigger of its own. Loaded when first needed. */
export default function AnchoredMenu({ anchor, label, entries, onClose }: AnchoredMenuProps) {
  return (
    <CSPProvider disableStyleElements>
      <Menu.Root open onOpenChange={(open) => !open && onClose()}>
        <Menu.Portal container={landmarkOf(anchor)}>
          <Menu.Positioner
            anchor={anchor}
            positionMethod="fixed"
            sideOffset={4}
            align="start"
            className="z-40 outline-none"
          >
            <Menu.Popup
              aria-label={label}
              className="max-h-[var(--available-height)] min-w-52 animate-rise overflow-y-auto rounded-lg bg-raised p-1 text-ink shadow-float outline-none forced-colors:border"
              finalFocus={() => (anchor instanceof HTMLElement && anchor.isConnected ? anchor : true)}
            >
              {entries.map((entry) => (
                <Entry key={entry.label} entry={entry} />
              ))}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </CSPProvider>
  )
}

function Entry({ entry }: { entry: MenuEntry }) {
  const inside = (
    <>
      {entry.icon ? <span className="grid w-4 place-items-center">{entry.icon}</span> : null}
      <span className="min-w-0 flex-1 truncate">{entry.label}</span>
      {entry.keys ? <Keys keys={entry.keys} /> : null}
      {entry.checked ? <Check size={14} className="text-accent" aria-hidden /> : null}
    </>
  )
  const className = classes(ITEM, entry.danger && 'text-danger')
  return (
    <>
      {entry.apart ? <Menu.Separator className="mx-1 my-1 h-px bg-line" /> : null}
      {entry.checked === undefined ? (
        <Menu.Item className={className} onClick={entry.run}>
          {inside}
        </Menu.Item>
      ) : (
        <Menu.CheckboxItem
          className={className}
          checked={entry.checked}
          closeOnClick={entry.closes ?? false}
          onCheckedChange={entry.run}
        >
          {inside}
        </Menu.CheckboxItem>
      )}
    </>
  )
}
