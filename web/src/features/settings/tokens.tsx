import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { answer, api, sayError } from '#api/client.ts'
import { tokensQuery } from '#api/queries.ts'
import type { CreatedToken, Token } from '#api/types.ts'
import { sayAgo } from '#lib/dates.ts'
import { say } from '#lib/toasts.ts'
import { Button } from '#ui/button.tsx'
import { ErrorState, Waiting } from '#ui/states.tsx'
import { Section } from '#ui/section.tsx'
import { TokenForm } from './token-form.tsx'

export function TokenSettings() {
  const { data, isError, error, refetch } = useQuery(tokensQuery)
  const [created, setCreated] = useState<CreatedToken | null>(null)
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-10">
      <Section
        title="New token"
        note={
          <>
            For scripts and other programs. What they can ask is in the{' '}
            <a href="/api/docs" className="font-medium text-accent underline underline-offset-2">
              API reference
            </a>
            .
          </>
        }
      >
        {created ? (
          <Secret token={created} onDone={() => setCreated(null)} />
        ) : (
          <TokenForm onCreated={setCreated} />
        )}
      </Section>
      <Section title="Your tokens">
        {isError ? (
          <ErrorState error={error} retry={() => void refetch()} />
        ) : !data ? (
          <Waiting what="your tokens" />
        ) : data.data.length === 0 ? (
          <p className="text-base text-soft">None yet.</p>
        ) : (
          <TokenList tokens={data.data} />
        )}
      </Section>
    </div>
  )
}

/** The token itself: this is the only time it can be seen. */
function Secret({ token, onDone }: { token: CreatedToken; onDone: () => void }) {
  const [copied, setCopied] = useState(false)
  const copy = () =>
    navigator.clipboard.writeText(token.token ?? '').then(
      () => setCopied(true),
      () => say('Copying is not allowed here. Select the token and copy it yourself', { tone: 'danger' }),
    )
  return (
    <div role="status" className="grid max-w-xl gap-3 rounded-lg bg-accent-wash p-4">
      <p className="font-medium">“{token.name}” is ready. Copy it now: it is not shown again.</p>
      <div className="flex items-center gap-2">
        <input
          readOnly
          autoFocus
          aria-label="The new token"
          className="h-9 min-w-0 flex-1 rounded-md border border-edge bg-sheet px-3 font-mono text-sm touch:h-11"
          value={token.token}
          onFocus={(event) => event.target.select()}
        />
        <Button onClick={() => void copy()}>
          {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <Button look="quiet" className="justify-self-start" onClick={onDone}>
        I have it
      </Button>
    </div>
  )
}

function TokenList({ tokens }: { tokens: Token[] }) {
  const queries = useQueryClient()
  const revoke = useMutation({
    mutationFn: (token: Token) =>
      answer(api.DELETE('/api/v1/tokens/{id}', { params: { path: { id: token.id } } })),
    onSuccess: (_, token) => say(`Revoked “${token.name}”`),
    onError: (failure) => say(`Not revoked: ${sayError(failure)}`, { tone: 'danger' }),
    onSettled: () => queries.invalidateQueries({ queryKey: tokensQuery.queryKey }),
  })
  return (
    <ul className="grid grid-cols-[minmax(0,1fr)]">
      {tokens.map((token) => (
        <li
          key={token.id}
          className="flex min-h-14 items-center gap-3 border-b border-line py-2 last:border-0"
        >
          <div className="min-w-0 flex-1">
            <p className="truncate">{token.name}</p>
            <p className="text-xs text-soft">
              {token.abilities.join(', ')} · made {sayAgo(token.created_at)} ·{' '}
              {token.last_used_at ? `last used ${sayAgo(token.last_used_at)}` : 'never used'} ·{' '}
              {token.expires_at ? `expires ${sayAgo(token.expires_at)}` : 'does not expire'}
            </p>
          </div>
          <Button look="danger" aria-label={`Revoke ${token.name}`} onClick={() => revoke.mutate(token)}>
            Revoke
          </Button>
        </li>
      ))}
    </ul>
  )
}
