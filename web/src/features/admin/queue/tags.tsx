import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api, sayError } from '#api/client.ts'
import { accountZone } from '#api/queries.ts'
import type { JobState, JobTag } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { say } from '#lib/toasts.ts'
import { Button } from '#ui/button.tsx'
import { Section } from '#ui/section.tsx'
import { ErrorState, Waiting } from '#ui/states.tsx'
import { Alarm } from '../alarm.tsx'
import { refresh, sayRefused } from './job-actions.ts'
import { JobsLink } from './jobs-link.tsx'
import { NameQuestion } from './name-question.tsx'
import { tagsQuery } from './queries.ts'
import { sayJobs, STATE_NAMES } from './words.ts'

/** Tags somebody keeps an eye on, and how many jobs have them. */
export function TagsPage() {
  const { data, isError, error, refetch } = useQuery(tagsQuery)
  const [asking, setAsking] = useState(false)
  if (!data) {
    return isError ? (
      <ErrorState error={error} retry={() => void refetch()} />
    ) : (
      <Waiting what="the watched tags" />
    )
  }
  return (
    <>
      {isError ? <Alarm>{sayError(error)}. This is how it was before.</Alarm> : null}
      <Section
        title="Watched tags"
        note="How many jobs with a tag wait, run and have ended. Done and cancelled ones count as far as they are kept."
        actions={<Button onClick={() => setAsking(true)}>Watch a tag…</Button>}
      >
        {data.data.length > 0 ? (
          <ul aria-label="Watched tags" className="grid grid-cols-[minmax(0,1fr)]">
            {data.data.map((tag) => (
              <Row key={tag.tag} tag={tag} />
            ))}
          </ul>
        ) : (
          <p className="text-base text-soft">
            None. Jobs are found by their tags, like those of a person or of a batch.
          </p>
        )}
      </Section>
      {asking ? (
        <NameQuestion
          title="Watch a tag"
          action="Watch"
          label="Tag"
          hint="The whole tag, as jobs have it: user, task or batch, a colon, and an id."
          maxLength={200}
          save={(id) => answer(api.PUT('/api/v1/admin/job-tags/{id}', { params: { path: { id } } }))}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  )
}

const STATES: JobState[] = ['ready', 'scheduled', 'running', 'failed', 'done', 'cancelled']

function Row({ tag: watched }: { tag: JobTag }) {
  const { tag, since, by } = watched
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 border-b border-line py-3 last:border-0">
      <div className="grid min-w-0 gap-0.5">
        <p className="text-base font-medium [overflow-wrap:anywhere]">{tag}</p>
        <p className="text-xs text-soft [overflow-wrap:anywhere]">
          By {by},{' '}
          <time dateTime={since} title={sayMoment(since, accountZone())}>
            {sayAgo(since)}
          </time>
        </p>
      </div>
      <StopButton tag={tag} />
      <ul className="col-span-full grid grid-cols-3 gap-x-4 gap-y-2 sm:grid-cols-6">
        {STATES.map((state) => (
          <li key={state} className="grid">
            <JobsLink
              filter={{ state, tag }}
              label={`${sayJobs(watched[state])} ${STATE_NAMES[state].toLowerCase()} with ${tag}`}
              className={`flex items-end text-base font-medium tabular-nums touch:min-h-11 ${
                state === 'failed' && watched.failed > 0 ? 'text-danger' : ''
              }`}
            >
              {watched[state].toLocaleString('en-US')}
            </JobsLink>
            <span className="text-xs text-soft">{STATE_NAMES[state]}</span>
          </li>
        ))}
      </ul>
    </li>
  )
}

function StopButton({ tag }: { tag: string }) {
  const [busy, setBusy] = useState(false)
  const stop = async () => {
    setBusy(true)
    try {
      await answer(api.DELETE('/api/v1/admin/job-tags/{id}', { params: { path: { id: tag } } }))
      say(`${tag} is not watched any more`)
    } catch (error) {
      sayRefused(error)
    }
    setBusy(false)
    void refresh()
  }
  return (
    <Button busy={busy} aria-label={`Stop watching ${tag}`} onClick={() => void stop()}>
      Stop
    </Button>
  )
}
