import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api, idempotencyKey } from '#api/client.ts'
import { tokensQuery } from '#api/queries.ts'
import type { Ability, CreatedToken } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { useForm } from '#lib/use-form.ts'
import { Button } from '#ui/button.tsx'
import { Field, INPUT, TextField } from '#ui/field.tsx'
import { FormProblem } from '#ui/form-problem.tsx'

const ABILITIES: [Ability, string][] = [
  ['tasks:read', 'Read tasks'],
  ['tasks:write', 'Change tasks'],
  ['account:read', 'Read the account'],
  ['*', 'Everything'],
]
const LIVES: [string, string][] = [
  ['30', '30 days'],
  ['90', '90 days'],
  ['365', 'a year'],
  ['', 'for ever'],
]
const DAY = 86_400_000

export function TokenForm({ onCreated }: { onCreated: (token: CreatedToken) => void }) {
  const queries = useQueryClient()
  const [abilities, setAbilities] = useState<ReadonlySet<Ability>>(new Set(['tasks:read']))
  const form = useForm(
    ({ name = '', days }) =>
      answer(
        api.POST('/api/v1/tokens', {
          headers: { 'Idempotency-Key': idempotencyKey() },
          body: {
            name,
            abilities: [...abilities],
            expires_at: days ? new Date(Date.now() + Number(days) * DAY).toISOString() : null,
          },
        }),
      ),
    (token) => {
      onCreated(token)
      void queries.invalidateQueries({ queryKey: tokensQuery.queryKey })
    },
  )
  const toggle = (ability: Ability) =>
    setAbilities((chosen) => {
      const next = new Set(chosen)
      if (!next.delete(ability)) next.add(ability)
      return next
    })
  return (
    <form className="grid max-w-lg gap-4" onSubmit={(event) => void form.onSubmit(event)}>
      <FormProblem text={form.problem ?? form.error('abilities') ?? form.error('expires_at') ?? null} />
      <TextField label="Name" name="name" placeholder="What it is for" required error={form.error('name')} />
      <fieldset className="grid gap-1">
        <legend className="mb-1.5 text-sm font-medium">May</legend>
        {ABILITIES.map(([ability, name]) => (
          <label key={ability} className="flex min-h-7 items-center gap-2.5 touch:min-h-11">
            <input
              type="checkbox"
              className="check"
              checked={abilities.has(ability)}
              onChange={() => toggle(ability)}
            />
            {name} <code className="font-mono text-xs text-soft">{ability}</code>
          </label>
        ))}
      </fieldset>
      <Field label="Valid for">
        {(control) => (
          <select {...control} name="days" className={classes(INPUT, 'max-w-40')} defaultValue="90">
            {LIVES.map(([days, name]) => (
              <option key={name} value={days}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Button type="submit" className="justify-self-start" busy={form.busy} disabled={abilities.size === 0}>
        Create token
      </Button>
    </form>
  )
}
