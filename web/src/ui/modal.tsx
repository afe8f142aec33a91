import { useLayoutEffect, useRef, type ReactNode } from 'react'
import { classes } from '#lib/classes.ts'

interface ModalProps {
  label: string
  onClose: () => void
  className?: string
  children: ReactNode
}

/**
 * A layer over the page, on the browser's own `<dialog>`: it keeps the focus inside, closes on
 * Escape, makes the rest inert and gives the focus back. Mount it to open it.
 */
export function Modal({ label, onClose, className, children }: ModalProps) {
  const ref = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const dialog = ref.current
    const opener = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close()
      if (opener instanceof HTMLElement && opener.isConnected && document.activeElement === document.body) {
        opener.focus()
      }
    }
  }, [])
  return (
    <dialog
      ref={ref}
      aria-label={label}
      className={classes('rounded-xl bg-raised p-0 text-ink shadow-float outline-none', className)}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) onClose()
      }}
    >
      {children}
    </dialog>
  )
}
