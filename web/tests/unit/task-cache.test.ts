import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyChange, inverseOf, placeTask, sweep, withoutTask } from '#api/task-cache.ts'
import { compare, matches, parseFilter, toQuery, type TaskFilter } from '#api/task-filter.ts'
import { idsOf, makePages, makeTask } from './make-task.ts'

const today = '2026-11-23'
const now = '2026-11-23T10:00:00Z'
const first = makeTask({ id: 'first', due_date: '2026-11-23' })
const second = makeTask({ id: 'second', due_date: '2026-11-25' })
const third = makeTask({ id: 'third', due_date: '2026-11-27' })

describe('a change and its undoing', () => {
  test('completing sets the time of completion, opening again takes it away', () => {
    const done = applyChange(first, { status: 'completed' }, now)
    expect(done.completed_at).toBe(now)
    expect(applyChange(done, { status: 'pending' }, now).completed_at).toBeNull()
  })

  test('the inverse puts every named field back', () => {
    const change = { title: 'Other', labels: ['x'], due_date: '2027-01-01' }
    const changed = applyChange(first, change, now)
    expect(applyChange(changed, inverseOf(first, change), now)).toEqual(first)
  })

  test('whatever is changed', () => {
    const change = fc.record(
      {
        title: fc.string(),
        priority: fc.constantFrom('none' as const, 'high' as const),
        labels: fc.array(fc.string()),
        muted: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(change, (some) => {
        expect(applyChange(applyChange(first, some, now), inverseOf(first, some), now)).toEqual(first)
      }),
    )
  })
})

describe('placing a task in a list', () => {
  test('a new one goes where its date belongs', () => {
    const pages = makePages([first, third])
    expect(idsOf(placeTask(pages, second, {}, today))).toEqual([['first', 'second', 'third']])
  })

  test('a changed date moves it, also between pages', () => {
    const pages = makePages([first, second], [third])
    const later = { ...first, due_date: '2026-11-26' }
    expect(idsOf(placeTask(pages, later, {}, today))).toEqual([['second'], ['first', 'third']])
  })

  test('the end of a list that goes on is not its end', () => {
    const pages = makePages([first], [second])
    pages.pages[1] = { data: [second], next_cursor: 'more' }
    expect(idsOf(placeTask(pages, third, {}, today))).toEqual([['first'], ['second']])
  })

  test('one that no longer belongs leaves, or lingers until it is swept away', () => {
    const pages = makePages([first, second])
    const done = applyChange(first, { status: 'completed' }, now)
    expect(idsOf(placeTask(pages, done, {}, today))).toEqual([['second']])
    const lingering = placeTask(pages, done, {}, today, true)
    expect(idsOf(lingering)).toEqual([['first', 'second']])
    expect(idsOf(sweep(lingering, {}, today))).toEqual([['second']])
  })

  test('what does not change keeps its identity, so that nothing is drawn again', () => {
    const pages = makePages([first, second])
    expect(withoutTask(pages, 'absent')).toBe(pages)
    expect(sweep(pages, {}, today)).toBe(pages)
    expect(placeTask(pages, makeTask({ id: 'new', status: 'completed' }), {}, today)).toBe(pages)
  })

  test('a list stays sorted whatever is put into it', () => {
    const date = fc.option(fc.constantFrom('2026-11-20', '2026-11-23', '2026-12-01', '2027-01-01'))
    fc.assert(
      fc.property(fc.array(date, { maxLength: 20 }), (dates) => {
        const pages = dates.reduce(
          (sofar, due_date, index) => placeTask(sofar, makeTask({ id: String(index), due_date }), {}, today),
          makePages([]),
        )
        const tasks = pages.pages.flatMap((page) => page.data)
        expect(tasks).toEqual(tasks.toSorted(compare('due_date')))
        expect(tasks).toHaveLength(dates.length)
      }),
    )
  })
})

describe('filters', () => {
  test.each<[string, TaskFilter, Partial<Parameters<typeof makeTask>[0]>, boolean]>([
    ['open by default', {}, { status: 'completed' }, false],
    ['all', { status: 'all' }, { status: 'completed' }, true],
    ['overdue', { due: 'overdue' }, { due_date: '2026-11-22' }, true],
    ['not overdue on the day', { due: 'overdue' }, { due_date: today }, false],
    ['week includes its last day', { due: 'week' }, { due_date: '2026-11-29' }, true],
    ['and not the next', { due: 'week' }, { due_date: '2026-11-30' }, false],
    ['priority', { priority: 'high,low' }, { priority: 'low' }, true],
    ['label', { label: 'home' }, { labels: ['work'] }, false],
    ['text, in any case', { q: 'RENT' }, {}, true],
    ['trash', { trash: true }, { deleted_at: now, status: 'completed' }, true],
    ['deleted elsewhere', {}, { deleted_at: now }, false],
  ])('%s', (_, filter, change, expected) => {
    expect(matches(makeTask(change), filter, today)).toBe(expected)
  })

  test('the address is read strictly', () => {
    expect(
      parseFilter({ status: 'completed,nonsense', due: 'someday', q: '  ', sort: 'evil', label: 'a' }),
    ).toEqual({
      status: 'completed',
      label: 'a',
    })
  })

  test('as the API wants them', () => {
    expect(toQuery({})).toMatchObject({ status: 'pending,in_progress', sort: 'due_date' })
    expect(toQuery({ trash: true })).toMatchObject({ status: undefined, sort: '-updated_at', trash: true })
  })
})
