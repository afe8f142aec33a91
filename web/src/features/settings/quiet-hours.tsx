import type { Account } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { Field, INPUT, SwitchField } from '#ui/field.tsx'
import { Section } from '#ui/section.tsx'
import { setAccount } from './use-account.ts'

type Hours = NonNullable<Account['quiet_hours']>

/** Offered first to somebody who has none. */
const AT_NIGHT: Hours = { from: '22:00', to: '07:00' }

/** When no reminder is sent. */
export function QuietHours({ hours }: { hours: Hours | null }) {
  const change = (quiet_hours: Hours | null) => void setAccount({ quiet_hours })
  return (
    <Section title="Quiet hours">
      <div className="grid gap-4">
        <SwitchField
          label="No reminders for a part of the day"
          hint="What would come then is sent when it is over."
          checked={hours !== null}
          onChange={(isOn) => change(isOn ? AT_NIGHT : null)}
        />
        {hours ? (
          <div className="flex flex-wrap gap-4">
            <TimeField label="From" value={hours.from} onChange={(from) => change({ ...hours, from })} />
            <TimeField label="To" value={hours.to} onChange={(to) => change({ ...hours, to })} />
          </div>
        ) : null}
      </div>
    </Section>
  )
}

interface TimeFieldProps {
  label: string
  value: string
  onChange: (time: string) => void
}

/** Acts when it is left: a time that is being typed is none yet. */
function TimeField({ label, value, onChange }: TimeFieldProps) {
  return (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          type="time"
          required
          className={classes(INPUT, 'w-36')}
          defaultValue={value}
          key={value}
          onBlur={(event) => {
            const time = event.target.value
            if (time && time !== value) onChange(time)
          }}
        />
      )}
    </Field>
  )
}
