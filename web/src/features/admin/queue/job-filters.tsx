import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { classes } from '#lib/classes.ts'
import { useHotkeys } from '#lib/hotkeys.ts'
import { Button } from '#ui/button.tsx'
import { Choice } from './choice.tsx'
import { narrowingsOf, type JobFilter, type Narrowing } from './job-filter.ts'
import { knownQueuesQuery } from './queries.ts'

const HIDDEN: ReadonlySet<Narrowing> = new Set(['tag', 'owner', 'since', 'until'])

/** Narrows the list below; what is chosen is kept in the address. */
export function JobFilters({ filter }: { filter: JobFilter }) {
  const navigate = useNavigate()
  const { data } = useQuery(knownQueuesQuery)
  const narrowed = narrowingsOf(filter)
  const [more, setMore] = useState(narrowed.some((name) => HIDDEN.has(name)))
  const change = (next: Partial<JobFilter>) =>
    void navigate({ to: '/admin/jobs', search: { ...filter, ...next } as never, replace: true })
  const set = (name: Narrowing) => (value: string | undefined) => change({ [name]: value })
  return (
    <div role="group" aria-label="Filters" className="grid gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <Typed label="Text in data or error" value={filter.text} onChange={set('text')} search />
        <Choice
          label="Queue"
          all="All queues"
          value={filter.queue}
          options={data?.queues.map(({ name }) => name) ?? []}
          onChange={set('queue')}
        />
        <Choice
          label="Kind"
          all="All kinds"
          value={filter.kind}
          options={data?.kinds ?? []}
          onChange={set('kind')}
        />
        <Button look="quiet" aria-expanded={more} onClick={() => setMore(!more)}>
          {more ? 'Fewer filters' : 'More filters'}
        </Button>
        {narrowed.length > 0 ? (
          <Button
            look="quiet"
            onClick={() => void navigate({ to: '/admin/jobs', search: { state: filter.state } as never })}
          >
            <X size={13} aria-hidden /> Clear
          </Button>
        ) : null}
      </div>
      {filter.fingerprint ? (
        <p className="text-sm text-soft">
          Only failures that look alike (<code className="font-mono text-xs">{filter.fingerprint}</code>).
        </p>
      ) : null}
      {more ? (
        <div className="grid gap-2 sm:grid-cols-2 lg:grid-cols-4">
          <Typed label="Tag" value={filter.tag} onChange={set('tag')} />
          <Typed label="Owner" value={filter.owner} onChange={set('owner')} />
          <Typed label="Pushed since" value={filter.since} onChange={set('since')} type="datetime-local" />
          <Typed label="Pushed before" value={filter.until} onChange={set('until')} type="datetime-local" />
        </div>
      ) : null}
    </div>
  )
}

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
function Typed({ label, value, onChange, type = 'text', search = false }: TypedProps) {
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
