import { readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { queryClient, tasksQuery } from '#api/queries.ts'

afterEach(() => vi.unstubAllGlobals())

test('the list that the page asks for first is the one that the server makes ahead', async () => {
  const network = vi.fn<(request: Request) => Promise<Response>>()
  network.mockResolvedValue(new Response('{"data":[],"next_cursor":null}'))
  vi.stubGlobal('fetch', network)
  await queryClient.fetchInfiniteQuery(tasksQuery({}))
  const asked = new URL(network.mock.calls[0]![0].url)
  const server = readFileSync('../crates/server/src/api/tasks.rs', 'utf8')
  const [, first] = /const FIRST: &str = "(.+)";/.exec(server) ?? []
  expect(asked.search).toBe(`?${first}`)
})
