import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useState } from 'react'
import { answer, api } from '#api/client.ts'
import { say } from '#lib/toasts.ts'
import { Button } from '#ui/button.tsx'
import { refresh, sayRefused } from './job-actions.ts'
import { narrowingsOf, parseJobFilter, type JobFilter } from './job-filter.ts'
import { JobsLink } from './jobs-link.tsx'
import { NameQuestion } from './name-question.tsx'
import { savedFiltersQuery } from './queries.ts'

/** The filters one has saved, and the one that is shown to be saved with them. */
export function SavedFilters({ filter }: { filter: JobFilter }) {
  const { data } = useQuery(savedFiltersQuery)
  const [asking, setAsking] = useState(false)
  const saved = data?.data ?? []
  const canSave = narrowingsOf(filter).length > 0
  if (saved.length === 0 && !canSave) return null
  return (
    <div role="group" aria-label="Saved filters" className="flex flex-wrap items-center gap-1.5">
      {saved.map((one) => (
        <span key={one.name} className="flex items-center rounded-full bg-hover text-sm">
          <JobsLink
            filter={parseJobFilter({ ...one })}
            className="py-1 pl-3 [overflow-wrap:anywhere] touch:py-3"
          >
            {one.name}
          </JobsLink>
          <button
            type="button"
            aria-label={`Delete the filter ${one.name}`}
            className="grid size-7 place-items-center rounded-full text-soft hover:text-ink touch:size-11"
            onClick={() => void remove(one.name)}
          >
            <X size={13} aria-hidden />
          </button>
        </span>
      ))}
      {canSave ? (
        <Button look="quiet" onClick={() => setAsking(true)}>
          Save filter…
        </Button>
      ) : null}
      {asking ? <SaveDialog filter={filter} onClose={() => setAsking(false)} /> : null}
    </div>
  )
}

async function remove(name: string) {
  try {
    await answer(api.DELETE('/api/v1/admin/job-filters/{id}', { params: { path: { id: name } } }))
    say(`Deleted the filter ${name}`)
  } catch (error) {
    sayRefused(error)
  }
  void refresh()
}

function SaveDialog({ filter, onClose }: { filter: JobFilter; onClose: () => void }) {
  // What was pushed when is of no interest another day.
  const { since, until, ...body } = filter
  return (
    <NameQuestion
      title="Save this filter"
      note={since || until ? 'Without the times, which are of no interest another day.' : undefined}
      action="Save"
      label="Name"
      hint="For you alone. One of the same name is replaced."
      maxLength={60}
      save={(id) => answer(api.PUT('/api/v1/admin/job-filters/{id}', { params: { path: { id } }, body }))}
      onClose={onClose}
    />
  )
}
