import { describe, expect, test } from 'vitest'
import {
  addDays,
  addMonths,
  daysBetween,
  isDate,
  sayAgo,
  sayDate,
  sayDue,
  timeIn,
  todayIn,
  weekdayOf,
} from '#lib/dates.ts'

const today = '2026-11-23'

describe('how a date is said', () => {
  test.each([
    ['2026-11-23', 'Today'],
    ['2026-11-24', 'Tomorrow'],
    ['2026-11-22', 'Yesterday'],
    ['2026-11-25', 'Wed'],
    ['2026-11-29', 'Sun'],
    ['2026-11-30', 'Nov 30'],
    ['2026-11-15', 'Nov 15'],
    ['2027-01-05', 'Jan 5, 2027'],
  ])('%s is %s', (date, said) => {
    expect(sayDate(date, today)).toBe(said)
  })

  test('with its time', () => {
    expect(sayDue('2026-11-24', '18:00', today)).toBe('Tomorrow 18:00')
    expect(sayDue('2026-11-24', null, today)).toBe('Tomorrow')
  })
})

describe('arithmetic', () => {
  test('goes over months, years and leap days', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(addMonths('2026-01-31', 1)).toBe('2026-02-28')
    expect(addMonths('2026-11-23', 3)).toBe('2027-02-23')
    expect(addMonths('2026-03-31', -1)).toBe('2026-02-28')
  })

  test('is not disturbed by a change of the clocks', () => {
    expect(addDays('2026-03-28', 1)).toBe('2026-03-29')
    expect(daysBetween('2026-10-24', '2026-10-26')).toBe(2)
  })

  test('weeks start on Monday', () => {
    expect(weekdayOf('2026-11-23')).toBe(0)
    expect(weekdayOf('2026-11-29')).toBe(6)
  })

  test('knows which dates exist', () => {
    expect(isDate('2028-02-29')).toBe(true)
    expect(isDate('2026-02-29')).toBe(false)
    expect(isDate('2026-2-9')).toBe(false)
  })
})

describe('time zones', () => {
  const moment = new Date('2026-11-23T23:30:00Z')

  test('today differs around the world', () => {
    expect(todayIn('America/Los_Angeles', moment)).toBe('2026-11-23')
    expect(todayIn('Asia/Tokyo', moment)).toBe('2026-11-24')
  })

  test('so does the time of day', () => {
    expect(timeIn('Asia/Kolkata', moment)).toBe('05:00')
  })

  test('an unknown zone is no reason to fail', () => {
    expect(isDate(todayIn('Nowhere/Land', moment))).toBe(true)
  })
})

test('how long ago', () => {
  const now = Date.parse('2026-11-23T12:00:00Z')
  expect(sayAgo('2026-11-23T11:59:50Z', now)).toBe('just now')
  expect(sayAgo('2026-11-23T11:00:00Z', now)).toBe('1 hour ago')
  expect(sayAgo('2026-11-20T12:00:00Z', now)).toBe('3 days ago')
  expect(sayAgo('2026-11-25T13:00:00Z', now)).toBe('in 2 days')
})
