import { test } from '@playwright/test'
import { expect, newEmail, PASSWORD } from './fixtures.ts'

/** A server whose page loads its files from the one that all other tests use. */
const split = process.env.DULY_E2E_SPLIT_URL ?? ''

test.skip(!split, 'DULY_E2E_SPLIT_URL names a server whose files come from another origin')

test('every file comes from where assets_url says, once, and the API stays', async ({ page, baseURL }) => {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  const requests: URL[] = []
  page.on('request', (request) => requests.push(new URL(request.url())))
  const assets = () => requests.filter((url) => url.pathname.startsWith('/assets/'))
  const expectMore = async (heading: string, before: number) => {
    await expect(page.getByRole('heading', { name: heading, exact: true })).toBeVisible()
    expect(assets().length, `${heading} has files of its own`).toBeGreaterThan(before)
  }

  await page.goto(`${split}/register`)
  await page.getByLabel('Name').fill('Ben Okafor')
  await page.getByLabel('E-mail').fill(newEmail())
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: 'All open' })).toBeVisible()

  for (const name of ['Board', 'Statistics', 'Trash']) {
    const before = assets().length
    await page.getByRole('link', { name, exact: true }).click()
    await expectMore(name, before)
  }
  await expect(page.locator('body')).not.toHaveCSS('font-family', 'Times')

  expect(complaints).toEqual([])
  const files = assets().map((url) => url.href)
  expect(assets().filter((url) => url.origin !== baseURL)).toEqual([])
  // A file that is preloaded from one place and imported from another is fetched twice.
  expect(files.filter((file, index) => files.indexOf(file) !== index)).toEqual([])
  const calls = requests.filter((url) => url.pathname.startsWith('/api/'))
  expect(calls.length).toBeGreaterThan(0)
  expect(calls.filter((url) => url.origin !== split)).toEqual([])
})
