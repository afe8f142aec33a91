import type { Receipt } from '#api/types.ts'

/** Which receipts are shown. Lives in the address, so that every view can be linked and kept. */
export interface ReceiptFilter {
  /** A person's e-mail address. */
  user?: string
  state?: Receipt['state']
}

export const RECEIPT_STATES: readonly Receipt['state'][] = [
  'planned',
  'queued',
  'sending',
  'sent',
  'failed',
  'bounced',
  'complained',
  'cancelled',
]

/** Reads a filter from the address; anything unknown is left out rather than sent. */
export function parseReceiptFilter(search: Record<string, unknown>): ReceiptFilter {
  const filter: ReceiptFilter = {}
  const user = typeof search.user === 'string' ? search.user.trim() : ''
  const state = RECEIPT_STATES.find((one) => one === search.state)
  if (user) filter.user = user
  if (state) filter.state = state
  return filter
}
