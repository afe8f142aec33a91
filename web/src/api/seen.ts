/*
 * Of what version the oldest thing is that this page has been given since the log-in. Whoever tells
 * of changes is asked for all that came after it.
 */

let oldest: number | undefined

export const seenSince = () => oldest

export function noteSeen(version: number | null | undefined) {
  if (typeof version === 'number') oldest ??= version
}

/** Lists and figures carry the version of the account's data in a weak tag. */
export function noteTag(tag: string | null) {
  const version = /^W\/"(\d+)-/.exec(tag ?? '')?.[1]
  if (version) noteSeen(Number(version))
}

export function forgetSeen() {
  oldest = undefined
}
