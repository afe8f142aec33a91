import { afterEach, expect, test, vi } from 'vitest'
import { ApiError } from '#api/client.ts'
import { described, reportErrors } from '#lib/page-errors.ts'

afterEach(() => vi.unstubAllGlobals())

function told() {
  const bodies: string[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    bodies.push(await request.text())
    return new Response(null, { status: 202 })
  })
  return bodies
}

test('what goes wrong is told once, five times at most, and only of who is logged in', async () => {
  const bodies = told()
  let screen: string | undefined
  const report = reportErrors(() => screen)
  report(new Error('before'))
  screen = '/tasks'
  report(new TypeError('one'))
  report(new TypeError('one'))
  for (let number = 0; number < 9; number++) report(new Error(`other ${number}`))
  await vi.waitFor(() => expect(bodies).toHaveLength(5))
  expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ kind: 'TypeError', message: 'one', screen: '/tasks' })
})

test('what the server has refused is not told', async () => {
  const bodies = told()
  const report = reportErrors(() => '/tasks')
  report(new ApiError({ code: 'invalid', detail: '', request_id: '', status: 422, title: 'No', type: '' }))
  report('a text')
  await vi.waitFor(() => expect(bodies).toHaveLength(1))
  expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ message: 'a text' })
})

test('nothing that is told is longer than the server takes', () => {
  const error = new Error('x'.repeat(5000))
  error.name = 'y'.repeat(500)
  error.stack = 'z'.repeat(20_000)
  const { kind, message, stack } = described(error, '/')
  expect([kind.length, message.length, stack?.length]).toEqual([100, 1000, 8000])
})
