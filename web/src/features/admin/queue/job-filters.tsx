import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { useState } from 'react'
import { Button } from '#ui/button.tsx'
import { Choice } from './choice.tsx'
import { narrowingsOf, type JobFilter, type Narrowing } from './job-filter.ts'
import { knownQueuesQuery } from './queries.ts'
import { Typed } from './typed.tsx'

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
