import type { Account } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { Field, INPUT } from '#ui/field.tsx'
import { setAccount } from './use-account.ts'

type Escalation = Account['escalation']

const CHOICES: readonly [of: Escalation, name: string][] = [
  ['off', 'Never'],
  ['high', 'Of high priority'],
  ['all', 'Of all'],
]

/** Of which tasks there is a second reminder. */
export function EscalationSetting({ of }: { of: Escalation }) {
  return (
    <Field label="Remind me a second time of a task that is still open an hour after its time">
      {(control) => (
        <select
          {...control}
          className={classes(INPUT, 'max-w-44')}
          value={of}
          onChange={(event) => void setAccount({ escalation: event.target.value as Escalation })}
        >
          {CHOICES.map(([choice, name]) => (
            <option key={choice} value={choice}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
