import { useState } from 'react'
import { sayError } from '#api/client.ts'
import { accountZone } from '#api/queries.ts'
import type { Account } from '#api/types.ts'
import { sayMoment } from '#lib/dates.ts'
import { say } from '#lib/toasts.ts'
import { Button } from '#ui/button.tsx'
import { Section } from '#ui/section.tsx'
import { changeAccount } from './use-account.ts'

interface MailStoppedProps {
  email: string
  stopped: NonNullable<Account['mail_stopped']>
}

/** That nothing is sent any more, why, and how it goes on. */
export function MailStopped({ email, stopped: { since, reason } }: MailStoppedProps) {
  const [busy, setBusy] = useState(false)
  async function tryAgain() {
    setBusy(true)
    try {
      await changeAccount({ mail_stopped: null })
      say('Reminders are sent again')
    } catch (error) {
      say(`Not changed: ${sayError(error)}`, { tone: 'danger' })
    }
    setBusy(false)
  }
  return (
    <div className="rounded-lg bg-danger-wash p-4">
      <Section
        title="No reminders are sent"
        note={
          <>
            None has been sent to {email} since{' '}
            <time dateTime={since}>{sayMoment(since, accountZone())}</time>, because mails came back or one
            was reported as spam. When the address is right and you want them, try again; else change it.
          </>
        }
      >
        <p className="text-sm text-danger [overflow-wrap:anywhere]">{reason}</p>
        <Button className="justify-self-start" busy={busy} onClick={() => void tryAgain()}>
          Try again
        </Button>
      </Section>
    </div>
  )
}
