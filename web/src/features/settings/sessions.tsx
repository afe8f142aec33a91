import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Monitor, Smartphone } from 'lucide-react'
import { answer, api, sayError } from '#api/client.ts'
import { sessionsQuery } from '#api/queries.ts'
import type { Session } from '#api/types.ts'
import { sayAgo } from '#lib/dates.ts'
import { say } from '#lib/toasts.ts'
import { Button } from '#ui/button.tsx'
import { ErrorState, Waiting } from '#ui/states.tsx'
import { Section } from '#ui/section.tsx'

/** "Firefox on Linux" from a user agent; what is unknown is left as it came. */
function deviceOf(agent: string | null | undefined): string {
  if (!agent) return 'Unknown device'
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(agent)?.[1]
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|CrOS|Linux)/.exec(agent)?.[1]
  if (!browser && !system) return agent.slice(0, 60)
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', 'Mac OS X': 'macOS', CrOS: 'ChromeOS' }
  const known = (name: string | undefined, other: string) => (name ? (names[name] ?? name) : other)
  return `${known(browser, 'A program')} on ${known(system, 'an unknown system')}`
}

export function SessionSettings() {
  const queries = useQueryClient()
  const { data, isError, error, refetch } = useQuery(sessionsQuery)
  const end = useMutation({
    mutationFn: (session: Session | 'others') =>
      session === 'others'
        ? answer(api.DELETE('/api/v1/sessions'))
        : answer(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id: session.id } } })),
    onSuccess: (_, session) =>
      say(session === 'others' ? 'All other sessions are ended' : 'The session is ended'),
    onError: (failure) => say(`Not ended: ${sayError(failure)}`, { tone: 'danger' }),
    onSettled: () => queries.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  })
  if (isError) return <ErrorState error={error} retry={() => void refetch()} />
  if (!data) return <Waiting what="your sessions" />
  return (
    <Section
      title="Where you are logged in"
      actions={
        data.data.length > 1 ? (
          <Button look="danger" busy={end.isPending} onClick={() => end.mutate('others')}>
            End all others
          </Button>
        ) : null
      }
    >
      <ul className="grid grid-cols-[minmax(0,1fr)]">
        {data.data.map((session) => (
          <li
            key={session.id}
            className="flex min-h-14 items-center gap-3 border-b border-line py-2 last:border-0"
          >
            {/Android|iPhone|Mobile/.test(session.user_agent ?? '') ? (
              <Smartphone size={18} className="text-soft" aria-hidden />
            ) : (
              <Monitor size={18} className="text-soft" aria-hidden />
            )}
            <div className="min-w-0 flex-1">
              <p className="truncate">{deviceOf(session.user_agent)}</p>
              <p className="text-xs text-soft">
                {session.ip ? `${session.ip} · ` : ''}
                {session.current ? 'now' : `last seen ${sayAgo(session.last_seen_at)}`}
              </p>
            </div>
            {session.current ? (
              <span className="rounded-full bg-accent-wash px-2.5 py-0.5 text-xs font-medium text-accent">
                This one
              </span>
            ) : (
              <Button
                look="quiet"
                aria-label={`End the session of ${deviceOf(session.user_agent)}`}
                onClick={() => end.mutate(session)}
              >
                End
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  )
}
