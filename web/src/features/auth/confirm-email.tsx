import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { answer, api, sayError } from '#api/client.ts'
import { accountQuery } from '#api/queries.ts'
import { AuthPage, LINK } from './layout.tsx'

type Outcome = { state: 'asking' } | { state: 'confirmed' } | { state: 'refused'; why: string }

/** Opened from the mailed link: confirms at once, since the link itself was the person's doing. */
export function ConfirmEmail({ token }: { token: string }) {
  const queries = useQueryClient()
  const [outcome, setOutcome] = useState<Outcome>({ state: 'asking' })
  const { data: account } = useQuery(accountQuery)
  const asked = useRef(false)
  useEffect(() => {
    if (asked.current) return
    asked.current = true
    answer(api.POST('/api/v1/email/confirm', { body: { token } })).then(
      () => {
        setOutcome({ state: 'confirmed' })
        void queries.invalidateQueries({ queryKey: accountQuery.queryKey })
      },
      (error: unknown) => setOutcome({ state: 'refused', why: sayError(error) }),
    )
  }, [queries, token])
  const title = {
    asking: 'Confirming your e-mail…',
    confirmed: 'Your e-mail is confirmed',
    refused: 'This link does not work',
  }[outcome.state]
  return (
    <AuthPage title={title}>
      <p role="status" className="text-base text-soft">
        {outcome.state === 'confirmed' ? 'Reminders reach you from now on.' : null}
        {outcome.state === 'refused'
          ? `${outcome.why} You can have a new one sent from your settings.`
          : null}
      </p>
      <Link to={account ? '/' : '/login'} className={LINK}>
        {account ? 'To your tasks' : 'Log in'}
      </Link>
    </AuthPage>
  )
}
