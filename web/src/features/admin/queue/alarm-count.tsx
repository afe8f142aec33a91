import { useQuery } from '@tanstack/react-query'
import { knownQueuesQuery } from './queries.ts'

const EVERY_MS = 60_000

/** How many things are wrong, beside the way to where they are told; nothing when none is. */
export default function AlarmCount() {
  const { data } = useQuery({ ...knownQueuesQuery, refetchInterval: EVERY_MS })
  const count = data?.alarms.length ?? 0
  if (count === 0) return null
  return (
    <>
      {count}
      <span className="sr-only"> {count === 1 ? 'alarm' : 'alarms'}</span>
    </>
  )
}
