import type { Browser, Page } from '@playwright/test'
import { expect, PASSWORD } from './fixtures.ts'

const EMAIL = 'administrator@example.org'

/** The link the server prints at its first start; it works once. */
export const setup = process.env.DULY_E2E_SETUP

/** Logs the administrator of a server in, made with this link if need be; answers the cookies. */
export async function administratorCookies(browser: Browser, origin: string, link: string | undefined) {
  const context = await browser.newContext({ baseURL: origin })
  const known = async () => {
    const data = { email: EMAIL, password: PASSWORD }
    const answer = await context.request.post('/api/v1/login', { data, headers: { Origin: origin } })
    return answer.ok()
  }
  // A worker that takes over after a failure finds the link used, and two at once use it in turn.
  if (!(await known())) {
    await register(await context.newPage(), link ?? '')
    await expect.poll(known).toBe(true)
  }
  const cookies = await context.cookies()
  await context.close()
  return cookies
}

async function register(page: Page, link: string) {
  await page.goto(link)
  await expect(page.getByRole('heading', { name: 'Set up Duly' })).toBeVisible()
  await page.getByLabel('Name').fill('Ada Moreno')
  await page.getByLabel('E-mail').fill(EMAIL)
  await page.getByLabel('Password').fill(PASSWORD)
  const answered = page.waitForResponse((response) => response.request().method() === 'POST')
  await page.getByRole('button', { name: 'Create account' }).click()
  await answered
}
