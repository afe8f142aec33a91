import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { patientFetch } from '#api/patience.ts'

const tooMany = (wait: string) => new Response('{}', { status: 429, headers: { 'Retry-After': wait } })

const network = vi.fn<(request: Request) => Promise<Response>>()

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', network)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  network.mockReset()
})

const request = (signal?: AbortSignal) =>
  new Request('http://duly.test/api/v1/tasks', { method: 'POST', body: '{"title":"Pay rent"}', signal })

test('a short wait is sat out, and the same is sent again', async () => {
  const bodies: string[] = []
  network.mockImplementation(async (sent) => {
    bodies.push(await sent.text())
    return bodies.length < 3 ? tooMany('2') : new Response('{}', { status: 201 })
  })
  const answer = patientFetch(request())
  await vi.advanceTimersByTimeAsync(3999)
  expect(bodies).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(1)
  expect((await answer).status).toBe(201)
  expect(bodies).toEqual(Array.from({ length: 3 }, () => '{"title":"Pay rent"}'))
})

test('a long wait is told', async () => {
  network.mockResolvedValue(tooMany('6'))
  expect((await patientFetch(request())).status).toBe(429)
  expect(network).toHaveBeenCalledTimes(1)
})

test('a refusal that names no time is told', async () => {
  network.mockResolvedValue(new Response('{}', { status: 429 }))
  expect((await patientFetch(request())).status).toBe(429)
})

test('nobody waits for what is not wanted any more', async () => {
  network.mockResolvedValue(tooMany('5'))
  const stop = new AbortController()
  const answer = patientFetch(request(stop.signal))
  await vi.advanceTimersByTimeAsync(1000)
  stop.abort()
  await expect(answer).rejects.toThrow('abort')
  expect(network).toHaveBeenCalledTimes(1)
})
