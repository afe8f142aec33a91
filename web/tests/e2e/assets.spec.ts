import { createServer, get } from 'node:http'
import { test } from '@playwright/test'
import { expect, newEmail, PASSWORD } from './fixtures.ts'

/** A server whose page loads its files from a CDN, and where that is. */
const split = process.env.DULY_E2E_SPLIT_URL ?? ''
const cdn = new URL(process.env.DULY_E2E_CDN_URL ?? 'http://127.0.0.1')

/** The CDN: it hands on what Duly says, from below a path of its own. */
const server = createServer((request, response) => {
  const [, path] = (request.url ?? '').split(`${cdn.pathname}/`)
  if (!path) return response.writeHead(404).end()
  return get(`${split}/${path}`, { headers: { ...request.headers, host: new URL(split).host } }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
})

test.skip(!split, 'DULY_E2E_SPLIT_URL names a server whose files come from DULY_E2E_CDN_URL')

test.beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(Number(cdn.port), cdn.hostname, listening))
})

test.afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test('every file comes from the CDN, once, and the API stays', async ({ page }) => {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  const assets = () => requests.filter((url) => url.includes('/assets/'))

  await page.goto(`${split}/register`)
  await page.getByLabel('Name').fill('Ben Okafor')
  await page.getByLabel('E-mail').fill(newEmail())
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: 'All open' })).toBeVisible()
  for (const name of ['Board', 'Statistics', 'Trash']) {
    const before = assets().length
    await page.getByRole('link', { name, exact: true }).click()
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible()
    expect(assets().length, `${name} has files of its own`).toBeGreaterThan(before)
  }

  expect(complaints).toEqual([])
  expect(assets().filter((url) => !url.startsWith(`${cdn.href}/assets/`))).toEqual([])
  // A file that is preloaded from one place and imported from another is fetched twice.
  expect(assets().filter((url, index, all) => all.indexOf(url) !== index)).toEqual([])
  const calls = requests.filter((url) => url.includes('/api/'))
  expect(calls.length).toBeGreaterThan(0)
  expect(calls.filter((url) => !url.startsWith(`${split}/api/`))).toEqual([])
})
