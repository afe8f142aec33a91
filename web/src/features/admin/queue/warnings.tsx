import { accountZone } from '#api/queries.ts'
import type { Queues } from '#api/types.ts'
import { sayAgo, sayMoment } from '#lib/dates.ts'
import { Alarm } from '../alarm.tsx'
import { unserved } from './summary.ts'
import { sayJobs } from './words.ts'

/** What has to be done something about: what operators were told, and what the page sees itself. */
export function Warnings({ data }: { data: Queues }) {
  return (
    <>
      {data.alarms.length > 0 ? <Alarms alarms={data.alarms} /> : null}
      <Workers data={data} />
    </>
  )
}

/** What operators were told and is not over. Says no ages: they would be read out again and again. */
function Alarms({ alarms }: Pick<Queues, 'alarms'>) {
  return (
    <Alarm>
      {alarms.map(({ name, detail, since }) => (
        <span key={name} className="mt-2 block first:mt-0">
          <span className="block font-medium">
            <Words text={detail} />
          </span>
          <span className="block text-xs">
            Since{' '}
            <time dateTime={since} title={sayAgo(since)}>
              {sayMoment(since, accountZone())}
            </time>
          </span>
        </span>
      ))}
    </Alarm>
  )
}

/** A sentence of the server, in which commands stand between backticks. */
const Words = ({ text }: { text: string }) =>
  text.split('`').map((part, index) =>
    index % 2 === 1 ? (
      <code key={index} className="font-mono text-xs">
        {part}
      </code>
    ) : (
      part
    ),
  )

function Workers({ data }: { data: Queues }) {
  if (data.workers.length === 0) {
    // Seen here somewhat before operators are told.
    return data.alarms.some(({ name }) => name === 'no_worker') ? null : (
      <Alarm>
        No worker was heard of within the last minute, so no job is run. Start one with{' '}
        <code className="font-mono text-xs">duly serve --role worker</code>. If one runs, its log says why it
        cannot reach the database.
      </Alarm>
    )
  }
  const queues = unserved(data)
  if (queues.length === 0) return null
  return (
    <Alarm>
      {queues.map(({ name, ready }) => (
        <span key={name} className="block">
          No worker serves the queue {name}
          {ready > 0 ? `: ${sayJobs(ready)} ${ready === 1 ? 'waits' : 'wait'} for nobody` : ''}.
        </span>
      ))}
    </Alarm>
  )
}
