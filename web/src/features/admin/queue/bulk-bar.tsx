import { Ban, RotateCcw, Trash2, X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Deed } from './job-filter.ts'

const DEED_NAMES: Record<Deed, [string, ReactNode]> = {
  retry: ['Retry', <RotateCcw key="" size={16} />],
  cancel: ['Cancel jobs', <Ban key="" size={16} />],
  forget: ['Forget', <Trash2 key="" size={16} />],
}

interface BulkBarProps {
  number: number
  deeds: readonly Deed[]
  onDeed: (deed: Deed) => void
  /** Given when more jobs match than are loaded, and all of them can be meant. */
  onMatching: ((deed: Deed) => void) | undefined
  onClear: () => void
}

/** What can be done with all that is chosen. */
export function BulkBar({ number, deeds, onDeed, onMatching, onClear }: BulkBarProps) {
  return (
    <div
      role="toolbar"
      aria-label="Selected jobs"
      className="sticky bottom-4 max-md:bottom-20 z-20 mt-3 flex max-w-full animate-rise flex-wrap items-center gap-0.5 justify-self-center rounded-xl bg-raised p-1 shadow-float forced-colors:border"
    >
      <span role="status" className="px-2.5 text-sm font-medium whitespace-nowrap tabular-nums">
        {number.toLocaleString('en-US')} selected
      </span>
      {deeds.map((deed) => (
        <Act key={deed} label={DEED_NAMES[deed][0]} icon={DEED_NAMES[deed][1]} onClick={() => onDeed(deed)} />
      ))}
      {onMatching
        ? deeds.map((deed) => (
            <Act
              key={`all-${deed}`}
              label={`${DEED_NAMES[deed][0]} all that match`}
              onClick={() => onMatching(deed)}
            />
          ))
        : null}
      <Act label="Clear selection" short icon={<X size={16} />} onClick={onClear} />
    </div>
  )
}

interface ActProps {
  label: string
  icon?: ReactNode
  onClick: () => void
  short?: boolean
}

function Act({ label, icon, onClick, short }: ActProps) {
  return (
    <button
      type="button"
      className="inline-flex h-8 min-w-8 items-center justify-center gap-1.5 rounded-lg px-2 text-sm text-ink hover:bg-hover touch:h-11 touch:min-w-11"
      onClick={onClick}
    >
      {icon ? (
        <span aria-hidden className="text-soft">
          {icon}
        </span>
      ) : null}
      <span className={short ? 'sr-only' : undefined}>{label}</span>
    </button>
  )
}
