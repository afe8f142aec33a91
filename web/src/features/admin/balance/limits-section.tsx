import { useState } from 'react'
import { answer, api, sayError } from '#api/client.ts'
import type { BalanceSettings, QueueLimits } from '#api/types.ts'
import { say } from '#lib/toasts.ts'
import { Button } from '#ui/button.tsx'
import { Section } from '#ui/section.tsx'
import { Badge } from '../badge.tsx'
import { Fact } from '../fact.tsx'
import { refresh } from '../queue/job-actions.ts'
import { sayCount } from '../words.ts'
import { LimitsDialog } from './limits-dialog.tsx'
import { ORIGINS, sayMost, saySeconds } from './limits.ts'

/** What each queue may have, and who said so. */
export function LimitsSection({ settings: { data, cooldown_s: cooldown } }: { settings: BalanceSettings }) {
  const [edited, setEdited] = useState<QueueLimits | null>(null)
  return (
    <Section
      title="In force"
      note={`Slots are in all workers together, and given anew every ${saySeconds(cooldown)}.`}
    >
      <ul aria-label="Settings in force" className="grid grid-cols-[minmax(0,1fr)]">
        {data.map((limits) => (
          <Row key={limits.queue} limits={limits} onEdit={() => setEdited(limits)} />
        ))}
      </ul>
      {edited ? <LimitsDialog limits={edited} onClose={() => setEdited(null)} /> : null}
    </Section>
  )
}

function Row({ limits, onEdit }: { limits: QueueLimits; onEdit: () => void }) {
  const { queue, min, max, weight, target_s: target, origin } = limits
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-6 gap-y-2.5 border-b border-line py-3 last:border-0 lg:grid-cols-[11rem_minmax(0,1fr)_10rem] lg:items-start">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="text-base font-medium [overflow-wrap:anywhere]">{queue}</span>
        <Badge text={ORIGINS[origin]} />
      </p>
      <dl className="grid grid-cols-4 gap-x-4 max-lg:order-last max-lg:col-span-2">
        <Fact name="At least">{sayCount(min)}</Fact>
        <Fact name="At most">{sayMost(max)}</Fact>
        <Fact name="Weight">{sayCount(weight)}</Fact>
        <Fact name="May wait">{saySeconds(target)}</Fact>
      </dl>
      <div className="flex justify-end gap-1">
        {origin === 'operator' ? <ResetButton queue={queue} /> : null}
        <Button look="quiet" aria-label={`Edit… ${queue}`} onClick={onEdit}>
          Edit…
        </Button>
      </div>
    </li>
  )
}

function ResetButton({ queue }: { queue: string }) {
  const [busy, setBusy] = useState(false)
  const reset = async () => {
    setBusy(true)
    try {
      await answer(api.DELETE('/api/v1/admin/queues/{id}/settings', { params: { path: { id: queue } } }))
      say(`${queue} has what the configuration says`)
    } catch (error) {
      say(`Not reset: ${sayError(error)}`, { tone: 'danger' })
    }
    await refresh()
    setBusy(false)
  }
  return (
    <Button
      look="quiet"
      aria-label={`Reset ${queue}`}
      title="Back to the configuration"
      busy={busy}
      onClick={() => void reset()}
    >
      Reset
    </Button>
  )
}
