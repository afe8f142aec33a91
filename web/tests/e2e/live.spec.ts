import type { Browser, Page } from '@playwright/test'
import { Api, expect, PASSWORD, row, saved, test } from './fixtures.ts'

const isStream = (url: string) => url.includes('/api/v1/events')

/** The page of another browser with a log-in of its own. */
async function another(browser: Browser, email: string, origin: string) {
  const context = await browser.newContext({ baseURL: origin })
  const api = new Api(context.request, origin)
  await api.post('login', { email, password: PASSWORD })
  const page = await context.newPage()
  await page.goto('/')
  return { context, api, page }
}

/** Says whether the page was loaded anew since. */
async function marked(page: Page) {
  await page.evaluate(() => Object.assign(globalThis, { marked: true }))
  return () => page.evaluate(() => 'marked' in globalThis)
}

test('what one browser changes the other shows, and nobody is disturbed', async ({
  signedIn: here,
  api,
  account,
  browser,
  baseURL,
}) => {
  await api.add({ title: 'Water the plants' })
  await here.goto('/')
  const there = await another(browser, account.email, baseURL ?? '')
  const [isHere, isThere] = [await marked(here), await marked(there.page)]

  // Here somebody types and has chosen a task.
  const chosen = row(here, 'Water the plants')
  await chosen.click({ modifiers: ['Control'] })
  await expect(chosen).toHaveAttribute('aria-selected', 'true')
  const typing = here.getByRole('textbox', { name: 'Add a task' })
  await typing.pressSequentially('Half a thou')

  await there.page.getByRole('textbox', { name: 'Add a task' }).fill('Pay rent')
  const added = saved(there.page, 'POST')
  await there.page.keyboard.press('Enter')
  await added
  await expect(row(here, 'Pay rent')).toBeVisible()
  await expect(typing).toHaveValue('Half a thou')
  await expect(typing).toBeFocused()
  await expect(chosen).toHaveAttribute('aria-selected', 'true')

  const answered = saved(here, 'PATCH')
  await here.getByRole('checkbox', { name: 'Complete Pay rent' }).click()
  await answered
  await expect(row(there.page, 'Pay rent')).toBeHidden()
  expect([await isHere(), await isThere()]).toEqual([true, true])
  await there.context.close()
})

test('a title that is being typed is kept when it is changed elsewhere', async ({ signedIn: page, api }) => {
  const task = await api.add({ title: 'Pay rent' })
  await page.goto(`/?task=${task.id}`)
  const title = page.getByRole('textbox', { name: 'Title' })
  await title.fill('Pay the rent in cash')
  await api.post('tasks/bulk', { ids: [task.id], change: { title: 'Pay rent by transfer' } })
  await expect(row(page, 'Pay rent by transfer')).toBeVisible()
  await expect(title).toHaveValue('Pay the rent in cash')
  await expect(title).toBeFocused()
  await title.blur()
  await expect(page.getByText('Yours is not saved yet')).toBeVisible()
  await expect(title).toHaveValue('Pay the rent in cash')
  const answered = saved(page, 'PATCH')
  await title.press('Enter')
  await answered
  await expect(row(page, 'Pay the rent in cash')).toBeVisible()
})

test('of two tabs one listens, and the other takes over', async ({ signedIn: page, context, api }) => {
  const streams: Page[] = []
  context.on('request', (request) => {
    if (isStream(request.url())) streams.push(request.frame().page())
  })
  await page.goto('/')
  await expect.poll(() => streams.length).toBe(1)
  const other = await context.newPage()
  await other.goto('/')
  await api.add({ title: 'Heard by both' })
  for (const tab of [page, other]) await expect(row(tab, 'Heard by both')).toBeVisible()
  expect(streams).toEqual([page])

  await page.close()
  await expect.poll(() => streams.length).toBe(2)
  await api.add({ title: 'Heard by who is left' })
  await expect(row(other, 'Heard by who is left')).toBeVisible()
  expect(streams).toEqual([page, other])
})

test('whoever is logged out elsewhere is led to the log-in page', async ({
  api,
  account,
  browser,
  baseURL,
}) => {
  const there = await another(browser, account.email, baseURL ?? '')
  await expect(there.page.getByRole('textbox', { name: 'Add a task' })).toBeVisible()
  const listening = there.page.waitForRequest((request) => isStream(request.url()))
  await listening
  const sessions = await there.api.request.get(`${there.api.origin}/api/v1/sessions`)
  const { data } = (await sessions.json()) as { data: { id: string; current: boolean }[] }
  const id = data.find((session) => session.current)?.id ?? ''
  const ended = await api.request.delete(`${api.origin}/api/v1/sessions/${id}`, {
    headers: { Origin: api.origin, 'Sec-Fetch-Site': 'same-origin' },
  })
  expect(ended.ok()).toBe(true)
  await expect(there.page).toHaveURL(/\/login/)
  await there.context.close()
})
