import { useMutation } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { answer, api } from '#api/client.ts'
import type { QueueLimits, QueueLimitsInput } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { Button } from '#ui/button.tsx'
import { Field, INPUT } from '#ui/field.tsx'
import { FormProblem } from '#ui/form-problem.tsx'
import { Section } from '#ui/section.tsx'
import { LIMITS } from './limits.ts'
import { fieldOf, sayDecided, sayRefusal, wantedOf } from './replay.ts'
import { ReplayResult } from './replay-result.tsx'

const HOURS: readonly [hours: number, name: string][] = [
  [1, 'the last hour'],
  [6, 'the last 6 hours'],
  [24, 'the last 24 hours'],
]

interface Asked {
  hours: number
  queues: Record<string, QueueLimitsInput>
}

/** Decides again what was decided before, with other settings, and shows what would have been. */
export function WhatIf({ settings }: { settings: QueueLimits[] }) {
  const replay = useMutation({
    mutationFn: (body: Asked) => answer(api.POST('/api/v1/admin/queues/replay', { body })),
  })
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const values = Object.fromEntries([...form].map(([name, value]) => [name, String(value)]))
    replay.mutate({ hours: Number(values.hours), queues: wantedOf(settings, values) })
  }
  return (
    <Section
      title="What if"
      note="Decides again what was decided, with these settings. Nothing is changed by it."
    >
      {/* Starts anew with what is in force, once that is changed. */}
      <form
        key={JSON.stringify(settings)}
        className="grid grid-cols-[minmax(0,1fr)] gap-4"
        onSubmit={onSubmit}
      >
        <FormProblem text={replay.isError ? sayRefusal(replay.error) : null} />
        {settings.map((limits) => (
          <QueueFields key={limits.queue} limits={limits} />
        ))}
        <div className="flex flex-wrap items-end gap-3">
          <Field label="Of which time">
            {(control) => (
              <select {...control} name="hours" className={classes(INPUT, 'w-48')} defaultValue="24">
                {HOURS.map(([hours, name]) => (
                  <option key={hours} value={hours}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Button type="submit" look="primary" className="h-9" busy={replay.isPending}>
            Try it
          </Button>
          <Button type="reset" look="quiet" className="h-9">
            As in force
          </Button>
        </div>
      </form>
      <p role="status" className="text-base empty:hidden">
        {replay.data ? sayDecided(replay.data) : ''}
      </p>
      {replay.data ? <ReplayResult replay={replay.data} /> : null}
    </Section>
  )
}

function QueueFields({ limits }: { limits: QueueLimits }) {
  const { queue } = limits
  return (
    <fieldset className="grid grid-cols-2 gap-x-4 gap-y-3 sm:max-md:grid-cols-4 lg:grid-cols-4">
      <legend className="mb-1.5 text-sm font-medium">{queue}</legend>
      {LIMITS.map(({ name, label, least }) => (
        <label key={name} className="grid gap-1 text-xs text-soft">
          {label}
          <input
            name={fieldOf(queue, name)}
            type="number"
            inputMode="numeric"
            min={least}
            required={name !== 'max'}
            placeholder={name === 'max' ? 'no bound' : undefined}
            autoComplete="off"
            className={classes(INPUT, 'text-ink')}
            defaultValue={limits[name] ?? ''}
          />
        </label>
      ))}
    </fieldset>
  )
}
