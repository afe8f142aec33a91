import { Link, useNavigate } from '@tanstack/react-router'
import { answer, api, idempotencyKey } from '#api/client.ts'
import { signedIn } from '#api/session.ts'
import { boot } from '#lib/boot.ts'
import { useForm } from '#lib/use-form.ts'
import { Button } from '#ui/button.tsx'
import { TextField } from '#ui/field.tsx'
import { FormProblem } from '#ui/form-problem.tsx'
import { AuthPage, LINK } from './layout.tsx'

interface RegisterProps {
  /** From the one-time link the server prints at its first start: makes an administrator. */
  setupToken?: string | undefined
  invite?: string | undefined
}

export function Register({ setupToken, invite }: RegisterProps) {
  const navigate = useNavigate()
  const form = useForm(
    ({ name = '', email = '', password = '', invite: typed }) =>
      answer(
        api.POST('/api/v1/register', {
          headers: { 'Idempotency-Key': idempotencyKey() },
          body: {
            name,
            email,
            password,
            time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
            ...(setupToken ? { setup_token: setupToken } : {}),
            ...(typed ? { invite: typed } : {}),
          },
        }),
      ),
    (account) => {
      signedIn(account)
      void navigate({ to: '/', search: {}, replace: true })
    },
  )
  const registration = boot?.registration ?? 'open'
  if (registration === 'closed' && !setupToken) {
    return (
      <AuthPage title="Registration is closed" lead="Ask whoever runs this server for an account.">
        <Link to="/login" className={LINK}>
          Log in
        </Link>
      </AuthPage>
    )
  }
  return (
    <AuthPage
      title={setupToken ? 'Set up Duly' : 'Create an account'}
      lead={
        setupToken
          ? 'The first account administers this server.'
          : 'Your tasks, and a reminder when they are due.'
      }
    >
      <form className="grid gap-4" onSubmit={(event) => void form.onSubmit(event)}>
        <FormProblem text={form.problem ?? form.error('setup_token') ?? null} />
        <TextField
          label="Name"
          name="name"
          autoComplete="name"
          required
          autoFocus
          error={form.error('name')}
        />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          required
          hint="Reminders go here."
          error={form.error('email')}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          required
          hint="Long beats complicated: a few words are fine."
          error={form.error('password')}
        />
        {registration === 'invite' && !setupToken ? (
          <TextField
            label="Invitation"
            name="invite"
            defaultValue={invite ?? ''}
            autoComplete="off"
            required
            error={form.error('invite')}
          />
        ) : null}
        <Button type="submit" look="primary" busy={form.busy} className="mt-1 h-10">
          Create account
        </Button>
      </form>
      {setupToken ? null : (
        <p className="text-sm text-soft">
          Have an account already?{' '}
          <Link to="/login" className={LINK}>
            Log in
          </Link>
        </p>
      )}
    </AuthPage>
  )
}
