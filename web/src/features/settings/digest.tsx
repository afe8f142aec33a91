import type { Account } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { Field, INPUT, SwitchField } from '#ui/field.tsx'
import { Section } from '#ui/section.tsx'
import { setAccount } from './use-account.ts'

type Digest = Account['digest']

const DAYS: readonly [day: Digest['day'], name: string][] = [
  ['monday', 'Monday'],
  ['tuesday', 'Tuesday'],
  ['wednesday', 'Wednesday'],
  ['thursday', 'Thursday'],
  ['friday', 'Friday'],
  ['saturday', 'Saturday'],
  ['sunday', 'Sunday'],
]
const HOURS = Array.from({ length: 24 }, (_, hour) => hour)

/** Whether and when the mail about the week is sent. */
export function DigestSettings({ digest }: { digest: Digest }) {
  const change = (part: Partial<Digest>) => void setAccount({ digest: { ...digest, ...part } })
  return (
    <Section title="Weekly digest">
      <div className="grid gap-4">
        <SwitchField
          label="A mail about the week"
          hint="What you did in the last seven days, what is open and overdue, what is due in the next seven days, and what may slip."
          checked={digest.is_on}
          onChange={(is_on) => change({ is_on })}
        />
        {digest.is_on ? (
          <div className="flex flex-wrap gap-4">
            <Field label="Day">
              {(control) => (
                <select
                  {...control}
                  className={classes(INPUT, 'w-40')}
                  value={digest.day}
                  onChange={(event) => change({ day: event.target.value as Digest['day'] })}
                >
                  {DAYS.map(([day, name]) => (
                    <option key={day} value={day}>
                      {name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label="Hour">
              {(control) => (
                <select
                  {...control}
                  className={classes(INPUT, 'w-28')}
                  value={digest.hour}
                  onChange={(event) => change({ hour: Number(event.target.value) })}
                >
                  {HOURS.map((hour) => (
                    <option key={hour} value={hour}>
                      {String(hour).padStart(2, '0')}:00
                    </option>
                  ))}
                </select>
              )}
            </Field>
          </div>
        ) : null}
      </div>
    </Section>
  )
}
