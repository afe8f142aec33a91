const LOCAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/

/** Whether it is a date and a time of day that exist, as `<input type="datetime-local">` writes them. */
export const isLocal = (text: string) => LOCAL.test(text) && !Number.isNaN(Date.parse(`${text}Z`))

const parts = (timeZone: string) =>
  new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })

/** How far the clocks of a zone are ahead of UTC at a moment, in milliseconds. */
function offsetAt(timeZone: string, moment: number): number {
  const shown = parts(timeZone).format(moment).replace(' ', 'T')
  return Date.parse(`${shown}Z`) - Math.floor(moment / 1000) * 1000
}

/** The instant at which the clocks of a zone show this; of two the earlier, of none the one after the gap. */
export function instantIn(timeZone: string, local: string): string {
  const asUtc = Date.parse(`${local}Z`)
  const guess = asUtc - offsetAt(timeZone, asUtc)
  // The clocks may have been changed between the guess and what is meant.
  const instant = asUtc - offsetAt(timeZone, guess)
  return new Date(instant).toISOString().replace('.000Z', 'Z')
}
