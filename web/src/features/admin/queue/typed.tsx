import { useEffect, useId, useRef, useState } from 'react'
import { classes } from '#lib/classes.ts'
import { useHotkeys } from '#lib/hotkeys.ts'

const TYPING_MS = 300

interface TypedProps {
  label: string
  value: string | undefined
  onChange: (value: string | undefined) => void
  type?: 'text' | 'datetime-local'
  /** The one that the key of searching goes to, and whose label stands inside. */
  search?: boolean
}

/** A field that acts a moment after the last letter. */
export function Typed({ label, value, onChange, type = 'text', search = false }: TypedProps) {
  const id = useId()
  const [text, setText] = useState(value ?? '')
  const input = useRef<HTMLInputElement>(null)
  const send = useRef(onChange)
  const sent = useRef(value)
  useEffect(() => {
    send.current = onChange
  })
  useEffect(() => {
    if (value !== sent.current) setText(value ?? '')
    sent.current = value
  }, [value])
  useEffect(() => {
    const next = text.trim() || undefined
    if (next === sent.current) return
    const timer = setTimeout(() => {
      sent.current = next
      send.current(next)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [text])
  useHotkeys(search ? { search: () => input.current?.focus() } : {})
  return (
    <div className={classes('grid gap-1', search && 'max-sm:w-full')}>
      <label htmlFor={id} className={search ? 'sr-only' : 'text-xs text-soft'}>
        {label}
      </label>
      <input
        ref={input}
        id={id}
        type={search ? 'search' : type}
        placeholder={search ? label : undefined}
        autoComplete="off"
        className="h-8 w-full min-w-0 rounded-md border border-edge bg-sheet px-2.5 text-sm hover:border-soft focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 sm:min-w-52 touch:h-11 touch:text-lg"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  )
}
