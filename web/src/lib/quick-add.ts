import { addDays, addMonths, isDate, weekdayOf } from './dates.ts'

type Priority = 'none' | 'low' | 'medium' | 'high'

/** A stretch of the text that was understood as something other than the title. */
interface Understood {
  kind: 'date' | 'time' | 'label' | 'priority'
  text: string
}

export interface QuickAdd {
  title: string
  due_date: string | null
  due_time: string | null
  priority: Priority
  labels: string[]
  understood: Understood[]
}

export interface Clock {
  /** Today's date in the person's time zone. */
  today: string
  /** "HH:MM" now; a bare time that has passed then means tomorrow. */
  now?: string
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const DAY_NAMES =
  /^(mon|monday|tue|tues|tuesday|wed|weds|wednesday|thu|thur|thurs|thursday|fri|friday|sat|saturday|sun|sunday)$/
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const MONTH_NAMES =
  /^(jan|january|feb|february|mar|march|apr|april|may|jun|june|jul|july|aug|august|sep|sept|september|oct|october|nov|november|dec|december)$/
const NUMBERS: Record<string, number> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
}
const PRIORITIES: Record<string, Priority> = {
  '!high': 'high',
  '!h': 'high',
  '!1': 'high',
  '!!!': 'high',
  '!medium': 'medium',
  '!med': 'medium',
  '!m': 'medium',
  '!2': 'medium',
  '!!': 'medium',
  '!low': 'low',
  '!l': 'low',
  '!3': 'low',
}
const LABEL = /^#[\p{L}\p{N}][\p{L}\p{N}\p{M}_/-]*$/u

/** How many words a phrase took, and what it means. */
interface Phrase {
  words: number
  date?: string
  time?: string
}

const pad = (number: number) => String(number).padStart(2, '0')

function clock(hours: number, minutes: number, half?: string): string | null {
  if (minutes > 59 || (half ? hours < 1 || hours > 12 : hours > 23)) return null
  const full = half ? (hours % 12) + (half === 'pm' ? 12 : 0) : hours
  return `${pad(full)}:${pad(minutes)}`
}

/** "18:00", "9am", "9:30 pm", "noon"; a bare hour counts only after "at". */
function readTime(words: string[], bareHour: boolean): Phrase | null {
  const [first = '', second = ''] = words
  if (first === 'noon') return { words: 1, time: '12:00' }
  const parts = /^(\d{1,2})(?::(\d{2}))?(am|pm)?$/.exec(first)
  if (!parts) return null
  const half = parts[3] ?? (/^(am|pm)$/.test(second) ? second : undefined)
  if (!parts[2] && !half && !bareHour) return null
  const time = clock(Number(parts[1]), Number(parts[2] ?? 0), half)
  return time ? { words: half && !parts[3] ? 2 : 1, time } : null
}

function monthDay(day: number, month: number, year: number | null, today: string): string | null {
  const build = (inYear: number) => `${String(inYear).padStart(4, '0')}-${pad(month + 1)}-${pad(day)}`
  if (year !== null) return isDate(build(year)) ? build(year) : null
  const thisYear = Number(today.slice(0, 4))
  // Up to eight years reach the next 29 February, also across a century without one.
  for (let ahead = 0; ahead <= 8; ahead++) {
    const date = build(thisYear + ahead)
    if (isDate(date) && date >= today) return date
  }
  return null
}

/** "dec 24", "24 dec", "december 24th 2027". */
function readMonthDay(words: string[], today: string): Phrase | null {
  const [first = '', second = '', third = ''] = words
  const dayFirst = MONTH_NAMES.test(second)
  if (!dayFirst && !MONTH_NAMES.test(first)) return null
  const [name, number] = dayFirst ? [second, first] : [first, second]
  const day = /^(\d{1,2})(?:st|nd|rd|th)?,?$/.exec(number)
  if (!day) return null
  const year = /^(19|20|21)\d{2}$/.test(third) ? Number(third) : null
  const date = monthDay(Number(day[1]), MONTHS.indexOf(name.slice(0, 3)), year, today)
  return date ? { words: year === null ? 2 : 3, date } : null
}

/** The first such weekday after today. */
function nextWeekday(name: string, today: string): string {
  const ahead = (DAYS.indexOf(name.slice(0, 3)) - weekdayOf(today) + 7) % 7
  return addDays(today, ahead === 0 ? 7 : ahead)
}

/** "next monday", "next week", "this weekend": two words that name a day by its week. */
function readRelativeWeek([first, second = '']: string[], today: string): Phrase | null {
  const monday = addDays(today, 7 - weekdayOf(today))
  if (first === 'next') {
    if (DAY_NAMES.test(second)) return { words: 2, date: addDays(monday, DAYS.indexOf(second.slice(0, 3))) }
    if (second === 'week') return { words: 2, date: monday }
    if (second === 'month') return { words: 2, date: addMonths(`${today.slice(0, 8)}01`, 1) }
  }
  if (first === 'this') {
    if (DAY_NAMES.test(second)) return { words: 2, date: nextWeekday(second, today) }
    if (second === 'weekend') return { words: 2, date: nextWeekday('sat', addDays(today, -1)) }
  }
  return null
}

/** "in 3 days", "in a week", "in two months". */
function readDistance([first, amount = '', unit = '']: string[], today: string): Phrase | null {
  if (first !== 'in') return null
  const count = /^\d{1,3}$/.test(amount) ? Number(amount) : NUMBERS[amount]
  if (count === undefined) return null
  if (/^days?$/.test(unit)) return { words: 3, date: addDays(today, count) }
  if (/^weeks?$/.test(unit)) return { words: 3, date: addDays(today, count * 7) }
  if (/^months?$/.test(unit)) return { words: 3, date: addMonths(today, count) }
  return null
}

function readDay([first = '']: string[], today: string): Phrase | null {
  if (first === 'today' || first === 'tod') return { words: 1, date: today }
  if (/^(tomorrow|tmrw|tmr)$/.test(first)) return { words: 1, date: addDays(today, 1) }
  if (DAY_NAMES.test(first)) return { words: 1, date: nextWeekday(first, today) }
  if (isDate(first) && first >= '0001-01-01') return { words: 1, date: first }
  return null
}

function readPhrase(words: string[], today: string): Phrase | null {
  const [first = ''] = words
  const lead = /^(on|by|due|at)$/.test(first) ? 1 : 0
  const rest = words.slice(lead)
  const date =
    readRelativeWeek(rest, today) ??
    readDistance(rest, today) ??
    readMonthDay(rest, today) ??
    readDay(rest, today)
  const phrase = date && first !== 'at' ? date : readTime(rest, first === 'at')
  return phrase ? { ...phrase, words: phrase.words + lead } : null
}

/** Splits at white space, keeping "quoted text" whole: what is quoted is always title. */
const split = (text: string) => text.match(/"[^"]*"|\S+/g) ?? []

const unquote = (word: string) => (/^".*"$/s.test(word) ? word.slice(1, -1) : word)

/**
 * Reads a line of English such as "Pay rent tomorrow 18:00 #home !high". Of several dates, times
 * or priorities the last one counts and the earlier ones stay in the title.
 */
export function parseQuickAdd(text: string, { today, now }: Clock): QuickAdd {
  const words = split(text)
  const lower = words.map((word) => word.toLowerCase())
  const taken = new Map<Understood['kind'], { from: number; to: number; value: string }[]>()
  const take = (kind: Understood['kind'], from: number, to: number, value: string) =>
    taken.set(
      kind,
      kind === 'label' ? [...(taken.get(kind) ?? []), { from, to, value }] : [{ from, to, value }],
    )

  for (let index = 0; index < words.length; index++) {
    const word = lower[index] ?? ''
    const priority = Object.hasOwn(PRIORITIES, word) ? PRIORITIES[word] : undefined
    if (priority) take('priority', index, index + 1, priority)
    else if (LABEL.test(words[index] ?? '')) take('label', index, index + 1, (words[index] ?? '').slice(1))
    else {
      const phrase = readPhrase(lower.slice(index, index + 4), today)
      if (!phrase) continue
      const value = phrase.date ?? phrase.time ?? ''
      take(phrase.date ? 'date' : 'time', index, index + phrase.words, value)
      index += phrase.words - 1
    }
  }

  const spans = [...taken].flatMap(([kind, all]) => all.map((span) => ({ kind, ...span })))
  const used = new Set(
    spans.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, step) => from + step)),
  )
  const due_time = taken.get('time')?.[0]?.value ?? null
  const labels = (taken.get('label') ?? []).map(({ value }) => value)
  const bareTimeDay = due_time && now && due_time <= now ? addDays(today, 1) : today
  return {
    title: words
      .filter((_, index) => !used.has(index))
      .map(unquote)
      .join(' ')
      .trim(),
    due_date: taken.get('date')?.[0]?.value ?? (due_time ? bareTimeDay : null),
    due_time,
    priority: (taken.get('priority')?.[0]?.value as Priority | undefined) ?? 'none',
    labels: [...new Map(labels.map((label) => [label.toLowerCase(), label])).values()],
    understood: spans
      .toSorted((a, b) => a.from - b.from)
      .map(({ kind, from, to }) => ({ kind, text: words.slice(from, to).join(' ') })),
  }
}
