import { useState } from 'react'
import { classes } from '#lib/classes.ts'
import { Field, INPUT } from '#ui/field.tsx'
import { Section } from '#ui/section.tsx'
import { setAccount } from './use-account.ts'

const MOST = 100

/** Reads what was typed: null for no bound, undefined when it cannot be meant. */
export function readBudget(text: string): number | null | undefined {
  const trimmed = text.trim()
  if (!trimmed) return null
  const number = Number(trimmed)
  return Number.isInteger(number) && number >= 1 && number <= MOST ? number : undefined
}

/** The most mails in a day. */
export function MailBudget({ most }: { most: number | null }) {
  const [isWrong, setWrong] = useState(false)
  return (
    <Section title="Limit">
      <Field
        label="Mails a day, at most"
        hint="The last mail of a day tells of everything beyond. As many as there are when left empty."
        error={isWrong ? `A whole number from 1 to ${MOST}, or nothing` : undefined}
      >
        {(control) => (
          <input
            {...control}
            type="number"
            inputMode="numeric"
            min={1}
            max={MOST}
            placeholder="no bound"
            className={classes(INPUT, 'max-w-36')}
            defaultValue={most ?? ''}
            key={most}
            onBlur={(event) => {
              // What is no number at all reads as nothing, which would take the bound away.
              const number = event.target.validity.badInput ? undefined : readBudget(event.target.value)
              setWrong(number === undefined)
              if (number !== undefined && number !== most) void setAccount({ mails_a_day: number })
            }}
          />
        )}
      </Field>
    </Section>
  )
}
