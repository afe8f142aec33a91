import { Calendar, CircleCheck, SignalHigh, Tag, Trash2, X } from 'lucide-react'
import type { MouseEvent, ReactNode } from 'react'
import { moveToTrash, toggleCompleted } from '#api/task-actions.ts'
import { useStore } from '#lib/store.ts'
import { openPicker, type PickerKind } from '../picker/state.ts'
import { clearSelection, selection } from '../selection.ts'

/** What can be done to everything that is selected. */
export default function BulkBar() {
  const { ids } = useStore(selection)
  const all = [...ids]
  const pick = (kind: PickerKind) => (event: MouseEvent<HTMLButtonElement>) =>
    openPicker(kind, event.currentTarget, all)
  return (
    <div
      role="toolbar"
      aria-label="Selected tasks"
      className="absolute bottom-4 left-1/2 z-20 flex max-w-[calc(100%-16px)] -translate-x-1/2 animate-rise items-center gap-0.5 rounded-xl bg-raised p-1 shadow-float max-md:bottom-20 forced-colors:border"
    >
      <span role="status" className="px-2.5 text-sm font-medium whitespace-nowrap tabular-nums">
        {ids.size} <span className="max-md:sr-only">selected</span>
      </span>
      <Act label="Complete" icon={<CircleCheck size={16} />} onClick={() => void toggleCompleted(all)} />
      <Act label="Due" icon={<Calendar size={16} />} onClick={pick('due')} popup />
      <Act label="Priority" icon={<SignalHigh size={16} />} onClick={pick('priority')} popup />
      <Act label="Labels" icon={<Tag size={16} />} onClick={pick('labels')} popup />
      <Act
        label="Delete"
        icon={<Trash2 size={16} />}
        onClick={() => {
          void moveToTrash(all)
          clearSelection()
        }}
      />
      <Act label="Clear selection" short icon={<X size={16} />} onClick={clearSelection} />
    </div>
  )
}

interface ActProps {
  label: string
  icon: ReactNode
  onClick: (event: MouseEvent<HTMLButtonElement>) => void
  popup?: boolean
  short?: boolean
}

function Act({ label, icon, onClick, popup, short }: ActProps) {
  return (
    <button
      type="button"
      aria-haspopup={popup ? 'dialog' : undefined}
      className="inline-flex h-8 min-w-8 items-center justify-center gap-1.5 rounded-lg px-2 text-sm text-ink hover:bg-hover touch:h-11 touch:min-w-11"
      onClick={onClick}
    >
      <span aria-hidden className="text-soft">
        {icon}
      </span>
      <span className={short ? 'sr-only' : 'max-md:sr-only'}>{label}</span>
    </button>
  )
}
