import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isDate } from '#lib/dates.ts'
import { parseQuickAdd } from '#lib/quick-add.ts'

/** A Monday. */
const today = '2026-11-23'
const read = (text: string, now?: string) => parseQuickAdd(text, { today, now })

describe('the line as a whole', () => {
  test('takes date, time, label and priority out of the title', () => {
    expect(read('Pay rent tomorrow 18:00 #home !high')).toMatchObject({
      title: 'Pay rent',
      due_date: '2026-11-24',
      due_time: '18:00',
      priority: 'high',
      labels: ['home'],
    })
  })

  test('leaves a plain title alone', () => {
    expect(read('Buy milk')).toMatchObject({
      title: 'Buy milk',
      due_date: null,
      due_time: null,
      priority: 'none',
      labels: [],
      understood: [],
    })
  })

  test('says what it understood, in order', () => {
    expect(read('#a x in 2 days !low').understood).toEqual([
      { kind: 'label', text: '#a' },
      { kind: 'date', text: 'in 2 days' },
      { kind: 'priority', text: '!low' },
    ])
  })

  test('counts the last of several dates', () => {
    expect(read('Plan friday dinner tomorrow')).toMatchObject({
      title: 'Plan friday dinner',
      due_date: '2026-11-24',
    })
  })

  test('never reads what is quoted', () => {
    expect(read('"sat nav" fri')).toMatchObject({ title: 'sat nav', due_date: '2026-11-27' })
  })
})

describe('dates', () => {
  test.each([
    ['today', '2026-11-23'],
    ['tomorrow', '2026-11-24'],
    ['fri', '2026-11-27'],
    ['on Friday', '2026-11-27'],
    ['monday', '2026-11-30'],
    ['next monday', '2026-11-30'],
    ['next friday', '2026-12-04'],
    ['this weekend', '2026-11-28'],
    ['next week', '2026-11-30'],
    ['next month', '2026-12-01'],
    ['in 3 days', '2026-11-26'],
    ['in a week', '2026-11-30'],
    ['in two weeks', '2026-12-07'],
    ['in 3 months', '2027-02-23'],
    ['2026-12-24', '2026-12-24'],
    ['dec 24', '2026-12-24'],
    ['24 dec', '2026-12-24'],
    ['December 24th', '2026-12-24'],
    ['by dec 24 2028', '2028-12-24'],
    ['jan 5', '2027-01-05'],
    ['feb 29', '2028-02-29'],
  ])('%s', (phrase, date) => {
    expect(read(`Task ${phrase}`)).toMatchObject({ title: 'Task', due_date: date })
  })

  test.each(['2026-02-30', 'feb 30', 'dec 32', 'in the box', 'may contain nuts', '13:75', 'in 3 apples'])(
    '%s is not a date',
    (phrase) => {
      expect(read(`Task ${phrase}`)).toMatchObject({ title: `Task ${phrase}`, due_date: null })
    },
  )
})

describe('times', () => {
  test.each([
    ['18:00', '18:00'],
    ['9am', '09:00'],
    ['9:30pm', '21:30'],
    ['9 pm', '21:00'],
    ['12am', '00:00'],
    ['12pm', '12:00'],
    ['noon', '12:00'],
    ['at 7', '07:00'],
  ])('%s', (phrase, time) => {
    expect(read(`Call fri ${phrase}`)).toMatchObject({
      title: 'Call',
      due_date: '2026-11-27',
      due_time: time,
    })
  })

  test('alone means today, or tomorrow once it has passed', () => {
    expect(read('Call 18:00', '12:00')).toMatchObject({ due_date: today, due_time: '18:00' })
    expect(read('Call 18:00', '18:00')).toMatchObject({ due_date: '2026-11-24', due_time: '18:00' })
  })

  test('a bare number stays in the title', () => {
    expect(read('Buy 3 lamps')).toMatchObject({ title: 'Buy 3 lamps', due_time: null })
  })
})

describe('labels and priorities', () => {
  test('keeps each label once, whatever its case', () => {
    expect(read('x #Home #home #work-2').labels).toEqual(['home', 'work-2'])
  })

  test.each([
    ['!high', 'high'],
    ['!1', 'high'],
    ['!medium', 'medium'],
    ['!2', 'medium'],
    ['!low', 'low'],
    ['!3', 'low'],
  ])('%s', (text, priority) => {
    expect(read(`x ${text}`).priority).toBe(priority)
  })

  test.each(['# heading', 'Wow!', '!important', 'C#', 'toString', '__proto__'])('%s is title', (text) => {
    expect(read(text)).toMatchObject({ title: text, priority: 'none', labels: [] })
  })
})

describe('any text', () => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      'today',
      'next',
      'monday',
      'in',
      '3',
      'days',
      'at',
      '9',
      'pm',
      'dec',
      '24',
      '2027',
      '#a',
      '!1',
      'on',
      '"',
    ),
  )
  const line = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '))

  test('gives a real date, a real time and a title made of its own words', () => {
    fc.assert(
      fc.property(line, (text) => {
        const { title, due_date, due_time } = read(text)
        if (due_date !== null) expect(isDate(due_date)).toBe(true)
        if (due_time !== null) expect(due_time).toMatch(/^([01]\d|2[0-3]):[0-5]\d$/)
        for (const part of title.split(/\s+/)) expect(text).toContain(part)
      }),
    )
  })

  test('a date never turns into another one on the way', () => {
    const date = fc
      .date({ min: new Date('1900-01-01'), max: new Date('2199-12-31'), noInvalidDate: true })
      .map((moment) => moment.toISOString().slice(0, 10))
    fc.assert(
      fc.property(date, (text) => {
        expect(read(`x ${text}`).due_date).toBe(text)
      }),
    )
  })

  test('a weekday is always one of the next seven days', () => {
    const names = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
    fc.assert(
      fc.property(fc.nat(4000), fc.constantFrom(...names), (offset, name) => {
        const from = new Date(Date.UTC(2024, 0, 1 + offset)).toISOString().slice(0, 10)
        const { due_date } = parseQuickAdd(`x ${name}`, { today: from })
        const ahead = (Date.parse(due_date ?? '') - Date.parse(from)) / 86_400_000
        expect(ahead).toBeGreaterThanOrEqual(1)
        expect(ahead).toBeLessThanOrEqual(7)
        expect(new Date(`${due_date}T00:00Z`).getUTCDay()).toBe((names.indexOf(name) + 1) % 7)
      }),
    )
  })
})
