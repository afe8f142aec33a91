import { Link } from '@tanstack/react-router'
import { accountZone } from '#api/queries.ts'
import type { Queues } from '#api/types.ts'
import { sayMoment } from '#lib/dates.ts'
import { Section } from '#ui/section.tsx'
import { sayCount } from '../words.ts'
import { sayAge } from './words.ts'

type Balance = NonNullable<Queues['balance']>

/** How the slots of all workers are shared out. */
function sayWay({ mode, slots, floating }: Balance): string {
  if (mode === 'off') return `All ${sayCount(slots)} serve the most important that is due.`
  const way = mode === 'simple' ? 'in equal parts' : 'by how much each has to do'
  return `Of all ${sayCount(slots)}, ${sayCount(floating)} serve whatever is due; the rest is guaranteed to queues ${way}.`
}

/** Which queue is guaranteed how many slots, and why. */
export function BalanceSection({ balance, now }: { balance: Balance; now: number }) {
  const { at, queues } = balance
  return (
    <Section
      title="Slots"
      note={
        <>
          {sayWay(balance)} Decided{' '}
          <time dateTime={at} title={sayMoment(at, accountZone())}>
            {sayAge(at, now)}
          </time>{' '}
          ago.
        </>
      }
      actions={
        <Link
          to="/admin/queues/balance"
          className="flex shrink-0 items-center text-sm text-accent underline-offset-4 hover:underline touch:min-h-11"
        >
          Settings
        </Link>
      }
    >
      <ul className="grid grid-cols-[minmax(0,1fr)]">
        {queues.map(({ name, reason }) => (
          <li
            key={name}
            className="grid gap-x-4 border-b border-line py-2 last:border-0 md:grid-cols-[10rem_minmax(0,1fr)]"
          >
            <span className="truncate text-base font-medium">{name}</span>
            <span className="text-base tabular-nums [overflow-wrap:anywhere]">{reason}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
