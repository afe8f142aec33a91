import type { Change } from '../types.ts'

/** What the server tells of the account's data, as tabs hand it on to each other. */
export type Message =
  /** It is of this version. */
  | { kind: 'at'; version: number }
  /** These things changed since an earlier version, and nothing else. */
  | { kind: 'change'; since: number; version: number; changes: Change[] }
  /** Something changed. */
  | { kind: 'resync'; version: number }
  /** The session is not good for this any more. */
  | { kind: 'end' }

/** What there is to ask for anew: some things, or everything. */
export type Stale = Change[] | 'everything'

/** Where a page stands, and what each message makes stale of what it shows. */
export class Standing {
  version: number | undefined

  constructor(version: number | undefined) {
    this.version = version
  }

  hear(message: Exclude<Message, { kind: 'end' }>): Stale {
    const before = this.version
    if (before === message.version) return []
    // Told twice, or by a tab that has heard less.
    if (message.kind !== 'resync' && before !== undefined && before > message.version) return []
    this.version = message.version
    if (message.kind === 'change' && message.since === before) return message.changes
    return message.kind === 'at' && before === undefined ? [] : 'everything'
  }
}
