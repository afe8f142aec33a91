import type { JobState, Receipt } from '#api/types.ts'
import { sayDay } from '#lib/dates.ts'
import type { Tone } from '../words.ts'

export const KINDS: Record<Receipt['kind'], string> = {
  due: 'Due soon',
  due_time: 'Due now',
  overdue: 'Overdue',
  escalated: 'Still open',
  collected: 'All in one',
  digest: 'Your week',
}

export const RECEIPT_STATE_NAMES: Record<Receipt['state'], string> = {
  planned: 'Planned',
  queued: 'Queued',
  sending: 'Sending',
  sent: 'Sent',
  failed: 'Failed',
  bounced: 'Bounced',
  complained: 'Complaint',
  cancelled: 'Cancelled',
}

const TONES: Record<Receipt['state'], Tone> = {
  planned: 'unsure',
  queued: 'unsure',
  sending: 'good',
  sent: 'good',
  failed: 'bad',
  bounced: 'bad',
  complained: 'bad',
  cancelled: 'unsure',
}

export const badgeOf = ({ state }: Pick<Receipt, 'state'>): [string, Tone] => [
  RECEIPT_STATE_NAMES[state],
  TONES[state],
]

/** "Nov 24", or "Nov 24, 18:00": what it was promised for, on the person's clock. */
export function sayPromised(slot: string, today: string): string {
  const day = sayDay(slot.slice(0, 10), today)
  const time = slot.slice(11, 16)
  return time ? `${day}, ${time}` : day
}

/** In which state the job that sends it is found, if it is kept. */
export function jobStateOf({ state, attempts }: Pick<Receipt, 'state' | 'attempts'>): JobState {
  switch (state) {
    case 'planned':
      return 'scheduled'
    case 'queued':
      // It waits for its turn, or after an attempt that failed for its time.
      return attempts > 0 ? 'scheduled' : 'ready'
    case 'sending':
      return 'running'
    case 'failed':
    case 'bounced':
      return 'failed'
    case 'sent':
    case 'complained':
    case 'cancelled':
      return 'done'
  }
}
