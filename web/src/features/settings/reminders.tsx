import { Field, INPUT, SwitchField } from '#ui/field.tsx'
import { classes } from '#lib/classes.ts'
import { Section } from '#ui/section.tsx'
import { DigestSettings } from './digest.tsx'
import { EscalationSetting } from './escalation.tsx'
import { MailBudget } from './mail-budget.tsx'
import { MailStopped } from './mail-stopped.tsx'
import { QuietHours } from './quiet-hours.tsx'
import { setAccount, useAccount } from './use-account.ts'

export function ReminderSettings() {
  const account = useAccount()
  if (!account) return null
  return (
    <div className="grid max-w-lg grid-cols-[minmax(0,1fr)] gap-10">
      {account.mail_stopped ? <MailStopped email={account.email} stopped={account.mail_stopped} /> : null}
      <Section
        title="Mail reminders"
        note={`Sent to ${account.email}, in ${account.time_zone.replaceAll('_', ' ')} time.`}
      >
        <div className="grid gap-4">
          <SwitchField
            label="Remind me"
            hint="The day before a task is due, and at its due time if it has one."
            checked={account.reminders}
            onChange={(reminders) => void setAccount({ reminders })}
          />
          <SwitchField
            label="Overdue tasks, once a day"
            hint="One mail with all of them, until they are done, snoozed or muted."
            checked={account.overdue_mail}
            onChange={(overdue_mail) => void setAccount({ overdue_mail })}
          />
          <EscalationSetting of={account.escalation} />
          <Field label="Time of day">
            {(control) => (
              <input
                {...control}
                type="time"
                required
                className={classes(INPUT, 'max-w-36')}
                defaultValue={account.reminder_time}
                key={account.reminder_time}
                onBlur={(event) => {
                  const reminder_time = event.target.value
                  if (reminder_time && reminder_time !== account.reminder_time)
                    void setAccount({ reminder_time })
                }}
              />
            )}
          </Field>
        </div>
      </Section>
      <DigestSettings digest={account.digest} />
      <QuietHours hours={account.quiet_hours} />
      <MailBudget most={account.mails_a_day} />
    </div>
  )
}
