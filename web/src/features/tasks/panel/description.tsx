import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { say } from '#lib/toasts.ts'
import { Button } from '#ui/button.tsx'
import { Keys } from '#ui/kbd.tsx'

const Markdown = lazy(() => import('#ui/markdown.tsx'))

const LONGEST = 20_000

interface DescriptionProps {
  text: string
  onSave: (text: string) => Promise<boolean>
}

/** The description: shown as Markdown, edited as text. Leaving the text saves it. */
export function Description({ text, onSave }: DescriptionProps) {
  const [draft, setDraft] = useState<string | null>(null)
  const [preview, setPreview] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  /** What the draft is meant to replace. */
  const basis = useRef(text)
  const editing = draft !== null
  useEffect(() => {
    if (editing && !preview) field.current?.focus()
  }, [editing, preview])

  function close() {
    setDraft(null)
    setPreview(false)
    requestAnimationFrame(() => opener.current?.focus())
  }
  function begin() {
    basis.current = text
    setDraft(text)
  }
  async function save() {
    if (draft !== text && text !== basis.current) {
      basis.current = text
      say('Somebody changed the description meanwhile. Save again to replace it with yours.', {
        tone: 'danger',
      })
      return
    }
    if (draft !== null && draft !== text && !(await onSave(draft))) return
    close()
  }

  if (draft === null) {
    return (
      <section aria-labelledby="description" className="grid gap-2">
        <div className="flex items-center justify-between">
          <h2 id="description" className="text-sm font-medium">
            Description
          </h2>
          <Button ref={opener} look="quiet" onClick={begin}>
            {text ? 'Edit' : 'Write'}
          </Button>
        </div>
        {text ? (
          <Suspense fallback={<p className="whitespace-pre-wrap">{text}</p>}>
            <Markdown text={text} />
          </Suspense>
        ) : null}
      </section>
    )
  }
  return (
    <section
      aria-labelledby="description"
      className="grid gap-2"
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault()
          void save()
        } else if (event.key === 'Escape') {
          event.preventDefault()
          close()
        }
      }}
    >
      <div className="flex items-center justify-between">
        <h2 id="description" className="text-sm font-medium">
          Description
        </h2>
        <Button look="quiet" aria-pressed={preview} onClick={() => setPreview(!preview)}>
          Preview
        </Button>
      </div>
      {preview ? (
        <div className="min-h-40 rounded-md border border-line p-3">
          <Suspense fallback={<p className="whitespace-pre-wrap">{draft}</p>}>
            <Markdown text={draft} />
          </Suspense>
        </div>
      ) : (
        <textarea
          ref={field}
          aria-label="Description, in Markdown"
          placeholder="Markdown works here"
          maxLength={LONGEST}
          className="field-sizing-content max-h-96 min-h-40 w-full resize-none rounded-md border border-edge bg-sheet p-3 text-base leading-6 touch:text-lg"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
      )}
      <div className="flex items-center justify-end gap-2">
        <Button look="quiet" onClick={close}>
          Cancel
        </Button>
        <Button look="primary" onClick={() => void save()}>
          Save
        </Button>
        <Keys keys="mod+Enter" />
      </div>
    </section>
  )
}
