import { CSPProvider } from '@base-ui/react/csp-provider'
import { Popover } from '@base-ui/react/popover'
import type { ReactNode } from 'react'
import { landmarkOf } from './landmark.ts'

interface AnchoredPopoverProps {
  anchor: Element
  label: string
  onClose: () => void
  children: ReactNode
}

/** A small panel opened next to any element, with no trigger of its own. Loaded when first needed. */
export function AnchoredPopover({ anchor, label, onClose, children }: AnchoredPopoverProps) {
  return (
    <CSPProvider disableStyleElements>
      <Popover.Root open onOpenChange={(open) => !open && onClose()}>
        <Popover.Portal container={landmarkOf(anchor)}>
          <Popover.Positioner
            anchor={anchor}
            positionMethod="fixed"
            sideOffset={4}
            align="start"
            collisionPadding={8}
            className="z-40 outline-none"
          >
            <Popover.Popup
              aria-label={label}
              className="max-h-[var(--available-height)] animate-rise overflow-y-auto rounded-lg bg-raised text-ink shadow-float outline-none forced-colors:border"
              finalFocus={() => (anchor instanceof HTMLElement && anchor.isConnected ? anchor : true)}
            >
              {children}
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
    </CSPProvider>
  )
}
