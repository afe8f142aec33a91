import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { classes } from '#lib/classes.ts'
import { useStore } from '#lib/store.ts'
import { dismiss, toasts, type Toast } from '#lib/toasts.ts'

const SHOWN_MS = 6000
const ERROR_SHOWN_MS = 10_000

export function Toaster() {
  const all = useStore(toasts)
  return (
    <section
      aria-label="Notices"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-0 z-50 flex flex-col items-center gap-2 p-4 max-md:bottom-16"
    >
      {all.map((toast) => (
        <Notice key={toast.id} toast={toast} />
      ))}
    </section>
  )
}

function Notice({ toast }: { toast: Toast }) {
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => dismiss(toast.id), toast.tone === 'danger' ? ERROR_SHOWN_MS : SHOWN_MS)
    return () => clearTimeout(timer)
  }, [held, toast])
  return (
    <div
      className={classes(
        'pointer-events-auto flex max-w-[min(32rem,100%)] animate-rise items-center gap-1 rounded-lg bg-raised py-1 pr-1 pl-3.5 text-sm shadow-float forced-colors:border',
        toast.tone === 'danger' && 'text-danger',
      )}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <p className="min-w-0 py-1.5 break-words">{toast.text}</p>
      {toast.action ? (
        <button
          type="button"
          className="ml-2 h-7 shrink-0 rounded px-2 font-medium text-accent hover:bg-hover touch:h-11"
          onClick={() => {
            toast.action?.run()
            dismiss(toast.id)
          }}
        >
          {toast.action.label}
        </button>
      ) : null}
      <button
        type="button"
        aria-label="Dismiss"
        className="grid size-7 shrink-0 place-items-center rounded text-soft hover:bg-hover hover:text-ink touch:size-11"
        onClick={() => dismiss(toast.id)}
      >
        <X size={14} aria-hidden />
      </button>
    </div>
  )
}
