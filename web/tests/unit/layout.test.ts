import { describe, expect, test } from 'vitest'
import { layOut } from '#features/tasks/list/groups.ts'
import { titleOf } from '#features/tasks/list/heading.ts'
import { lineAt } from '#lib/use-window.ts'
import { makeTask } from './make-task.ts'

const today = '2026-11-23'

test('open tasks stand under when they are due', () => {
  const dates = ['2026-11-20', '2026-11-23', '2026-11-24', '2026-11-29', '2026-11-30', null]
  const tasks = dates.map((due_date, index) => makeTask({ id: String(index), due_date }))
  const headings = layOut(tasks, {}, today).flatMap((line) => (line.kind === 'heading' ? [line.title] : []))
  expect(headings).toEqual(['Overdue', 'Today', 'Tomorrow', 'Next 7 days', 'Later', 'No date'])
})

test('past dates stand under one heading when some of them are done', () => {
  const tasks = [
    makeTask({ id: 'a', due_date: '2026-11-19' }),
    makeTask({ id: 'b', due_date: '2026-11-20', status: 'completed' }),
    makeTask({ id: 'c', due_date: '2026-11-21' }),
  ]
  const headings = layOut(tasks, { status: 'all' }, today).filter((line) => line.kind === 'heading')
  expect(headings).toMatchObject([{ title: 'Earlier', count: 3, urgent: false }])
})

test('a list in another order has no headings', () => {
  expect(layOut([makeTask()], { sort: 'title' }, today)).toHaveLength(1)
})

test('a list is called after what it shows', () => {
  expect(titleOf({})).toBe('All open')
  expect(titleOf({ due: 'today' })).toBe('Today')
  expect(titleOf({ label: 'home', due: 'today' })).toBe('home')
})

describe('which line is at a height', () => {
  test.each([
    [-5, 0],
    [0, 0],
    [47, 0],
    [48, 1],
    [1000, 3],
  ])('%i', (y, line) => {
    expect(lineAt([0, 48, 88, 128], y)).toBe(line)
  })
})
