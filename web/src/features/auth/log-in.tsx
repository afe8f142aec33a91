import { Link, useNavigate } from '@tanstack/react-router'
import { answer, api } from '#api/client.ts'
import { signedIn } from '#api/session.ts'
import { boot } from '#lib/boot.ts'
import { useForm } from '#lib/use-form.ts'
import { Button } from '#ui/button.tsx'
import { TextField } from '#ui/field.tsx'
import { FormProblem } from '#ui/form-problem.tsx'
import { AuthPage, LINK } from './layout.tsx'

/** Only a path of this site: the address could have been written by anyone. */
const safePath = (next: string | undefined) => (next && /^\/(?![/\\])/.test(next) ? next : '/')

export function LogIn({ next }: { next: string | undefined }) {
  const navigate = useNavigate()
  const form = useForm(
    ({ email = '', password = '' }) => answer(api.POST('/api/v1/login', { body: { email, password } })),
    (account) => {
      signedIn(account)
      void navigate({ href: safePath(next), replace: true })
    },
  )
  return (
    <AuthPage
      title="Log in"
      lead={
        boot?.setup_needed
          ? 'This server is new: its first administrator is made by the link it printed when it started.'
          : undefined
      }
    >
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
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          error={form.error('password')}
        />
        <Button type="submit" look="primary" busy={form.busy} className="mt-1 h-10">
          Log in
        </Button>
      </form>
      <p className="flex flex-wrap justify-between gap-2 text-sm">
        <Link to="/forgot" className={LINK}>
          Forgot your password?
        </Link>
        {boot?.registration === 'closed' ? null : (
          <Link to="/register" className={LINK}>
            Create an account
          </Link>
        )}
      </p>
    </AuthPage>
  )
}
