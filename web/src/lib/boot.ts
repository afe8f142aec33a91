import type { Account, LabelList, TaskList } from '#api/types.ts'

/** What the server writes into the page so that the first view needs no request. */
export interface Boot {
  account: Account | null
  registration: 'open' | 'invite' | 'closed'
  setup_needed: boolean
  tasks: TaskList | null
  labels: LabelList | null
  /** Of what version all this is at least. */
  data_version: number | null
  version: string
}

function read(): Boot | null {
  const text = document.getElementById('duly-boot')?.textContent
  if (!text) return null
  try {
    return JSON.parse(text) as Boot
  } catch {
    return null
  }
}

/** Null under the development server, which does not fill the page in. */
export const boot = read()
