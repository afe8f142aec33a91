/**
 * Calendar arithmetic on plain dates ("YYYY-MM-DD"). Dates carry no zone: what is "today"
 * is decided once, in the account's time zone, and passed in from there.
 */

const DAY = 86_400_000

const at = (date: string) => new Date(`${date}T00:00:00Z`)
const plain = (moment: Date) => moment.toISOString().slice(0, 10)

/** Today's date in an IANA time zone; an unknown zone falls back to the device's own. */
export function todayIn(timeZone: string, now = new Date()): string {
  try {
    return new Intl.DateTimeFormat('en-CA', { timeZone }).format(now)
  } catch {
    return new Intl.DateTimeFormat('en-CA').format(now)
  }
}

/** True for a date that exists: "2026-02-30" does not. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const moment = at(text)
  return !Number.isNaN(moment.getTime()) && plain(moment) === text
}

export const addDays = (date: string, days: number) => plain(new Date(at(date).getTime() + days * DAY))

/** Days from `from` to `to`; negative when `to` is earlier. */
export const daysBetween = (from: string, to: string) =>
  Math.round((at(to).getTime() - at(from).getTime()) / DAY)

/** 0 is Monday, 6 is Sunday. */
export const weekdayOf = (date: string) => (at(date).getUTCDay() + 6) % 7

/** Same day of a later (or earlier) month, held back to that month's last day. */
export function addMonths(date: string, months: number): string {
  const first = at(`${date.slice(0, 8)}01`)
  first.setUTCMonth(first.getUTCMonth() + months)
  const month = plain(first).slice(0, 8)
  const last = new Date(first)
  last.setUTCMonth(last.getUTCMonth() + 1, 0)
  const day = Math.min(Number(date.slice(8)), last.getUTCDate())
  return `${month}${String(day).padStart(2, '0')}`
}

const format = (options: Intl.DateTimeFormatOptions) => {
  const formatter = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options })
  return (date: string) => formatter.format(at(date))
}
const shortWeekday = format({ weekday: 'short' })
const monthDay = format({ month: 'short', day: 'numeric' })
const monthDayYear = format({ month: 'short', day: 'numeric', year: 'numeric' })

/** "Monday, November 23, 2026" */
export const fullDate = format({ weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' })
/** "Monday, November 23" */
export const longDay = format({ weekday: 'long', month: 'long', day: 'numeric' })
/** "November 2026" */
export const monthName = format({ month: 'long', year: 'numeric' })

/** How people say a date: relative when near, absolute when far. */
export function sayDate(date: string, today: string): string {
  const days = daysBetween(today, date)
  if (days === 0) return 'Today'
  if (days === 1) return 'Tomorrow'
  if (days === -1) return 'Yesterday'
  if (days > 1 && days < 7) return shortWeekday(date)
  return sayDay(date, today)
}

/** A date by its month and day: says the same tomorrow. */
export const sayDay = (date: string, today: string) =>
  date.slice(0, 4) === today.slice(0, 4) ? monthDay(date) : monthDayYear(date)

export const sayDue = (date: string, time: string | null, today: string) =>
  time ? `${sayDate(date, today)} ${time}` : sayDate(date, today)

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const STEPS = [
  ['year', 365 * DAY],
  ['month', 30 * DAY],
  ['week', 7 * DAY],
  ['day', DAY],
  ['hour', DAY / 24],
  ['minute', 60_000],
] as const

/** "3 days ago", "in 2 hours", "just now" for an RFC 3339 timestamp. */
export function sayAgo(timestamp: string, now = Date.now()): string {
  const distance = new Date(timestamp).getTime() - now
  for (const [unit, size] of STEPS) {
    if (Math.abs(distance) >= size) return relative.format(Math.trunc(distance / size), unit)
  }
  return 'just now'
}

/** "Nov 23, 2026, 09:00" in the account's zone, for an RFC 3339 timestamp. */
export const sayMoment = (timestamp: string, timeZone: string) =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
  } as Intl.DateTimeFormatOptions).format(new Date(timestamp))

/** The time of day ("HH:MM") in an IANA time zone. */
export const timeIn = (timeZone: string, now = new Date()) =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' }).format(now)
