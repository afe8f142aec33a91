import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import { accountZone } from '#api/queries.ts'
import type { JobDetails } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { useHotkeys } from '#lib/hotkeys.ts'
import { Button } from '#ui/button.tsx'
import { Section } from '#ui/section.tsx'
import { ErrorState, Waiting } from '#ui/states.tsx'
import { Outdated } from '../alarm.tsx'
import { Badge } from '../badge.tsx'
import { Fact } from '../fact.tsx'
import { DeedDialog } from './deed-dialog.tsx'
import { EditDialog } from './edit-dialog.tsx'
import { act, sayRefused } from './job-actions.ts'
import { DEEDS } from './job-filter.ts'
import { JobsLink } from './jobs-link.tsx'
import { jobQuery } from './queries.ts'
import { Timeline } from './timeline.tsx'
import { pretty, STATES } from './words.ts'

export function JobPage() {
  const { id } = useParams({ from: '/_app/admin/jobs/$id' })
  const { data, isError, error, refetch, dataUpdatedAt } = useQuery(jobQuery(id))
  return (
    <>
      <JobsLink
        filter={{ state: data?.state ?? 'ready' }}
        className="-mb-3 flex w-fit items-center gap-1.5 text-sm text-soft hover:text-ink touch:min-h-11"
      >
        <ArrowLeft size={14} aria-hidden /> Jobs
      </JobsLink>
      {data ? (
        <>
          {isError ? <Outdated error={error} since={dataUpdatedAt} /> : null}
          <Head key={data.state} job={data} />
          <Facts job={data} />
          <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-8 lg:grid-cols-2">
            <Section title="Time line" note="The newest twenty attempts, with what each logged.">
              <Timeline job={data} now={dataUpdatedAt} />
            </Section>
            <Section title="Data">
              <pre
                tabIndex={0}
                role="region"
                aria-label="Data of the job"
                className="max-h-[60dvh] overflow-auto rounded-lg bg-hover p-3 font-mono text-xs leading-5 whitespace-pre-wrap [overflow-wrap:anywhere]"
              >
                {pretty(data.payload)}
              </pre>
            </Section>
          </div>
        </>
      ) : isError ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Waiting what="the job" />
      )}
    </>
  )
}

type Asked = 'cancel' | 'forget' | 'edit' | null

/** Its kind and state, and what can be done with it. */
function Head({ job }: { job: JobDetails }) {
  const { id, kind, state, error } = job
  const navigate = useNavigate()
  const [asked, setAsked] = useState<Asked>(null)
  const [busy, setBusy] = useState(false)
  const deeds = DEEDS[state]
  const retry = () => {
    setBusy(true)
    void act('retry', { ids: [id] })
      .catch(sayRefused)
      .finally(() => setBusy(false))
  }
  const close = () => setAsked(null)
  useHotkeys({ retry: () => (deeds.includes('retry') && !busy ? retry() : false) })
  return (
    <section aria-label="Job" className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
        <h2 className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1 text-lg font-semibold [overflow-wrap:anywhere]">
          {kind} <Badge text={STATES[state]} />
        </h2>
        <div className="flex flex-wrap gap-2">
          {deeds.includes('retry') ? (
            <>
              <Button look="primary" busy={busy} onClick={retry}>
                Retry
              </Button>
              <Button onClick={() => setAsked('edit')}>Edit and retry…</Button>
            </>
          ) : null}
          {deeds.includes('cancel') ? (
            <Button look="danger" onClick={() => setAsked('cancel')}>
              Cancel job…
            </Button>
          ) : null}
          {deeds.includes('forget') ? (
            <Button look="danger" onClick={() => setAsked('forget')}>
              Forget…
            </Button>
          ) : null}
        </div>
      </div>
      {error ? <Failure error={error} /> : null}
      {asked === 'edit' ? <EditDialog id={id} payload={job.payload} onClose={close} /> : null}
      {asked === 'cancel' || asked === 'forget' ? (
        <DeedDialog
          intent={{ deed: asked, jobs: { ids: [id] }, number: 1 }}
          onClose={close}
          onDone={() => {
            close()
            // What is forgotten cannot be shown any more.
            if (asked === 'forget') void navigate({ to: '/admin/jobs', search: { state: 'failed' } as never })
          }}
        />
      ) : null}
    </section>
  )
}

function Failure({ error }: { error: string }) {
  return (
    <p className="rounded-lg bg-danger-wash p-3 font-mono text-xs leading-5 whitespace-pre-wrap text-danger [overflow-wrap:anywhere]">
      {error}
    </p>
  )
}

function Facts({ job }: { job: JobDetails }) {
  return (
    <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 lg:grid-cols-5">
      <Fact name="Queue">
        <JobsLink filter={{ state: job.state, queue: job.queue }}>{job.queue}</JobsLink>
      </Fact>
      <Fact name="Attempts">
        {job.attempts} of {job.tries}
      </Fact>
      <Fact name="Priority">{job.priority}</Fact>
      <Fact name="Pushed">
        <Moment at={job.pushed_at} />
      </Fact>
      <Fact name={job.ended_at ? 'Ended' : 'Due'}>
        <Moment at={job.ended_at ?? job.due_at} />
      </Fact>
      <Fact name="Id" wide>
        <code className="font-mono text-xs">{job.id}</code>
      </Fact>
      {job.owner ? (
        <Fact name="Owner" wide>
          <JobsLink filter={{ state: job.state, owner: job.owner }}>{job.owner}</JobsLink>
        </Fact>
      ) : null}
      {job.fingerprint ? (
        <Fact name="Failures alike">
          <JobsLink filter={{ state: 'failed', fingerprint: job.fingerprint }}>See them</JobsLink>
        </Fact>
      ) : null}
      {job.tags.length > 0 ? (
        <Fact name="Tags" wide="full">
          <span className="flex flex-wrap gap-x-3">
            {job.tags.map((tag) => (
              <JobsLink key={tag} filter={{ state: job.state, tag }}>
                {tag}
              </JobsLink>
            ))}
          </span>
        </Fact>
      ) : null}
    </dl>
  )
}

function Moment({ at }: { at: string | null }) {
  return at ? (
    <time dateTime={at} title={sayMoment(at, accountZone())}>
      {sayAgo(at)}
    </time>
  ) : (
    '–'
  )
}
