import { useEffect, useRef, useState } from 'react'
import { classes } from '#lib/classes.ts'
import { say } from '#lib/toasts.ts'

const LONGEST = 500

interface TitleFieldProps {
  title: string
  done: boolean
  onSave: (title: string) => Promise<boolean>
}

/** The title as text one types into. Enter or leaving it saves; Escape puts the old one back. */
export function TitleField({ title, done, onSave }: TitleFieldProps) {
  const [draft, setDraft] = useState(title)
  const field = useRef<HTMLTextAreaElement>(null)
  const editing = useRef(false)
  /** What the draft is meant to replace. */
  const basis = useRef(title)
  useEffect(() => {
    if (!editing.current) setDraft(title)
  }, [title])

  function save() {
    const next = draft.trim()
    if (next && next !== title && title !== basis.current) {
      basis.current = title
      say(`Somebody changed the title meanwhile, to “${title}”. Yours is not saved yet.`, { tone: 'danger' })
      return
    }
    editing.current = false
    if (!next) return setDraft(title)
    if (next !== title) void onSave(next).then((saved) => saved || setDraft(title))
  }
  return (
    <textarea
      ref={field}
      aria-label="Title"
      rows={1}
      maxLength={LONGEST}
      className={classes(
        '-mx-2 field-sizing-content shrink-0 resize-none rounded-md bg-transparent px-2 py-1 text-xl font-semibold tracking-tight hover:bg-hover focus:bg-transparent',
        done && 'text-soft line-through decoration-1',
      )}
      value={draft}
      onFocus={() => {
        editing.current = true
        basis.current = title
      }}
      onBlur={save}
      onChange={(event) => setDraft(event.target.value.replace(/[\r\n]+/g, ' '))}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return
        if (event.key === 'Enter') {
          event.preventDefault()
          field.current?.blur()
        } else if (event.key === 'Escape' && draft !== title) {
          event.preventDefault()
          setDraft(title)
        }
      }}
    />
  )
}
