import type { ReactNode } from 'react'
import { sayError } from '#api/client.ts'
import { sayAgo } from '#lib/dates.ts'

export function Alarm({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="rounded-md bg-danger-wash px-4 py-3 text-sm text-danger">
      {children}
    </p>
  )
}

/** What is shown could not be asked for again. */
export function Outdated({ error, since }: { error: unknown; since: number }) {
  return (
    <Alarm>
      {sayError(error)}. This is how it was {sayAgo(new Date(since).toISOString())}.
    </Alarm>
  )
}
