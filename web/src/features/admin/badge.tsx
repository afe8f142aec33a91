import { classes } from '#lib/classes.ts'
import type { Tone } from './words.ts'

const LOOKS: Record<Tone, string> = {
  good: 'bg-accent-wash text-accent',
  bad: 'bg-danger-wash text-danger',
  unsure: 'bg-hover-strong text-ink',
}

export function Badge({ text: [name, tone] }: { text: readonly [string, Tone] }) {
  return (
    <span
      className={classes(
        'inline-block rounded-full px-2.5 py-0.5 text-xs font-medium whitespace-nowrap',
        LOOKS[tone],
      )}
    >
      {name}
    </span>
  )
}
