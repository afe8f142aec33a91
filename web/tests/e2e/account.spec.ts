import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test as base, type Page } from '@playwright/test'
import { expect, newEmail, PASSWORD, test } from './fixtures.ts'

async function register(page: Page, email: string) {
  await page.goto('/register')
  await page.getByLabel('Name').fill('Ben Okafor')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: 'All open' })).toBeVisible()
}

/** The newest link to a page in the mails to an address; the server writes them as files. */
async function mailedLink(outbox: string, to: string, path: string) {
  let link: string | undefined
  await expect(async () => {
    const names = (await readdir(outbox)).filter((name) => name.endsWith('.eml'))
    const mails = await Promise.all(names.map((name) => readFile(join(outbox, name), 'utf8')))
    // Undo the folding of long lines, which may cut a link in two.
    const texts = mails
      .filter((mail) => mail.includes(to))
      .map((mail) => mail.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '='))
    link = texts.flatMap((text) => text.match(new RegExp(`${path}\\?token=[\\w.~-]+`)) ?? []).at(-1)
    expect(link).toBeTruthy()
  }).toPass()
  return link ?? ''
}

base.describe('an account', () => {
  base('is made, left, and come back to', async ({ page }) => {
    const email = newEmail()
    await register(page, email)

    await page.getByRole('button', { name: 'Ben Okafor' }).click()
    await page.getByRole('menuitem', { name: 'Log out' }).click()
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible()

    await page.goto('/statistics')
    await expect(page).toHaveURL(/\/login\?next=/)
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password').fill('not the password')
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page.getByRole('alert')).not.toBeEmpty()

    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page.getByRole('heading', { name: 'Statistics' })).toBeVisible()
  })

  base('is refused field by field', async ({ page }) => {
    await page.goto('/register')
    await page.getByLabel('Name').fill('Ben Okafor')
    await page.getByLabel('E-mail').fill(newEmail())
    await page.getByLabel('Password').fill('short')
    await page.getByRole('button', { name: 'Create account' }).click()
    await expect(page.getByLabel('Password')).toHaveAttribute('aria-invalid', 'true')
    await expect(page.getByLabel('Password')).toBeFocused()
  })

  base('gets a new password by mail', async ({ page }) => {
    const outbox = process.env.DULY_E2E_OUTBOX
    base.skip(!outbox, 'DULY_E2E_OUTBOX names no directory of mails')
    const email = newEmail()
    await register(page, email)
    await expect(page.getByText(`Confirm ${email}`)).toBeVisible()
    await page.goto(await mailedLink(outbox ?? '', email, '/confirm'))
    await expect(page.getByRole('heading', { name: 'Your e-mail is confirmed' })).toBeVisible()
    await page.context().clearCookies()

    await page.goto('/forgot')
    await page.getByLabel('E-mail').fill(email)
    await page.getByRole('button', { name: 'Send the link' }).click()
    await expect(page.getByRole('heading', { name: 'Look in your mail' })).toBeVisible()

    await page.goto(await mailedLink(outbox ?? '', email, '/reset'))
    await page.getByLabel('New password').fill('another-kettle-meadow-81')
    await page.getByRole('button', { name: 'Change password' }).click()
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible()

    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password').fill('another-kettle-meadow-81')
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page.getByRole('heading', { name: 'All open' })).toBeVisible()
  })
})

test('a session that has ended leads to the log in page and back', async ({ signedIn: page, context }) => {
  await page.goto('/settings/sessions')
  await expect(page.getByText('This one')).toBeVisible()
  await context.clearCookies()
  await page.keyboard.press('g')
  await page.keyboard.press('x')
  await expect(page).toHaveURL(/\/login\?next=/)
})
