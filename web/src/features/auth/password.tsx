import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { answer, api } from '#api/client.ts'
import { say } from '#lib/toasts.ts'
import { useForm } from '#lib/use-form.ts'
import { Button } from '#ui/button.tsx'
import { TextField } from '#ui/field.tsx'
import { FormProblem } from '#ui/form-problem.tsx'
import { AuthPage, LINK } from './layout.tsx'

export function ForgotPassword() {
  const [sentTo, setSentTo] = useState<string | null>(null)
  const form = useForm(async ({ email = '' }) => {
    await answer(api.POST('/api/v1/password/forgot', { body: { email } }))
    return email
  }, setSentTo)
  if (sentTo !== null) {
    return (
      <AuthPage title="Look in your mail">
        <p role="status" className="text-base text-soft">
          If {sentTo} has an account here, a link to choose a new password is on its way. It works once, for
          one hour.
        </p>
        <Link to="/login" className={LINK}>
          Back to log in
        </Link>
      </AuthPage>
    )
  }
  return (
    <AuthPage title="Forgot your password?" lead="We mail you a link to choose a new one.">
      <form className="grid gap-4" onSubmit={(event) => void form.onSubmit(event)}>
        <FormProblem text={form.problem} />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          required
          autoFocus
          error={form.error('email')}
        />
        <Button type="submit" look="primary" busy={form.busy} className="mt-1 h-10">
          Send the link
        </Button>
      </form>
      <p className="text-sm">
        <Link to="/login" className={LINK}>
          Back to log in
        </Link>
      </p>
    </AuthPage>
  )
}

export function ResetPassword({ token }: { token: string }) {
  const navigate = useNavigate()
  const form = useForm(
    ({ password = '' }) => answer(api.POST('/api/v1/password/reset', { body: { token, password } })),
    () => {
      say('Your password is changed. Log in with the new one')
      void navigate({ to: '/login', replace: true })
    },
  )
  return (
    <AuthPage title="Choose a new password">
      <form className="grid gap-4" onSubmit={(event) => void form.onSubmit(event)}>
        <FormProblem text={form.problem ?? form.error('token') ?? null} />
        <TextField
          label="New password"
          name="password"
          type="password"
          autoComplete="new-password"
          required
          autoFocus
          hint="Long beats complicated: a few words are fine."
          error={form.error('password')}
        />
        <Button type="submit" look="primary" busy={form.busy} className="mt-1 h-10">
          Change password
        </Button>
      </form>
      <p className="text-sm">
        <Link to="/forgot" className={LINK}>
          Send another link
        </Link>
      </p>
    </AuthPage>
  )
}
