import { useRef } from 'react'
import type { Account } from '#api/types.ts'
import { say } from '#lib/toasts.ts'
import { useForm } from '#lib/use-form.ts'
import { Button } from '#ui/button.tsx'
import { Field, INPUT, TextField } from '#ui/field.tsx'
import { FormProblem } from '#ui/form-problem.tsx'
import { Section } from '#ui/section.tsx'
import { changeAccount, useAccount } from './use-account.ts'

export function AccountSettings() {
  const account = useAccount()
  if (!account) return null
  return (
    <div className="grid max-w-lg gap-10">
      <ProfileForm account={account} />
      <EmailForm account={account} />
      <PasswordForm account={account} />
    </div>
  )
}

const FORM = 'grid gap-4'

function ProfileForm({ account }: { account: Account }) {
  const form = useForm(
    ({ name, time_zone }) => changeAccount({ name, time_zone }),
    () => say('Saved'),
  )
  const zones = Intl.supportedValuesOf('timeZone')
  if (!zones.includes(account.time_zone)) zones.unshift(account.time_zone)
  return (
    <Section title="You">
      <form className={FORM} onSubmit={(event) => void form.onSubmit(event)}>
        <FormProblem text={form.problem} />
        <TextField
          label="Name"
          name="name"
          autoComplete="name"
          required
          defaultValue={account.name}
          error={form.error('name')}
        />
        <Field
          label="Time zone"
          hint="Decides what “today” is and when reminders come."
          error={form.error('time_zone')}
        >
          {(control) => (
            <select {...control} name="time_zone" className={INPUT} defaultValue={account.time_zone}>
              {zones.map((zone) => (
                <option key={zone} value={zone}>
                  {zone.replaceAll('_', ' ')}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Button type="submit" className="justify-self-start" busy={form.busy}>
          Save
        </Button>
      </form>
    </Section>
  )
}

function EmailForm({ account }: { account: Account }) {
  const element = useRef<HTMLFormElement>(null)
  const form = useForm(
    ({ email, current_password }) => changeAccount({ email, current_password }),
    () => {
      say('Look in your mail to confirm the new address')
      element.current?.reset()
    },
  )
  const pending = account.pending_email
  return (
    <Section
      title="E-mail"
      note={
        <>
          {account.email}
          {account.email_confirmed ? '' : ', not confirmed yet'}
          {pending ? ` · ${pending} waits to be confirmed` : ''}
        </>
      }
    >
      <form ref={element} className={FORM} onSubmit={(event) => void form.onSubmit(event)}>
        <FormProblem text={form.problem} />
        <TextField
          label="New e-mail"
          name="email"
          type="email"
          autoComplete="email"
          required
          error={form.error('email')}
        />
        <CurrentPassword error={form.error('current_password')} />
        <Button type="submit" className="justify-self-start" busy={form.busy}>
          Change e-mail
        </Button>
      </form>
    </Section>
  )
}

function PasswordForm({ account }: { account: Account }) {
  const element = useRef<HTMLFormElement>(null)
  const form = useForm(
    ({ password, current_password }) => changeAccount({ password, current_password }),
    () => {
      say('Your password is changed')
      element.current?.reset()
    },
  )
  return (
    <Section title="Password" note="Changing it ends all other sessions.">
      <form ref={element} className={FORM} onSubmit={(event) => void form.onSubmit(event)}>
        <FormProblem text={form.problem} />
        <input type="email" name="username" autoComplete="username" value={account.email} readOnly hidden />
        <CurrentPassword error={form.error('current_password')} />
        <TextField
          label="New password"
          name="password"
          type="password"
          autoComplete="new-password"
          required
          error={form.error('password')}
        />
        <Button type="submit" className="justify-self-start" busy={form.busy}>
          Change password
        </Button>
      </form>
    </Section>
  )
}

function CurrentPassword({ error }: { error: string | undefined }) {
  return (
    <TextField
      label="Current password"
      name="current_password"
      type="password"
      autoComplete="current-password"
      required
      error={error}
    />
  )
}
