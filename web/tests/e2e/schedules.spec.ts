import type { Page } from '@playwright/test'
import { administratorCookies, setup } from './administrator.ts'
import { expectClean } from './axe.ts'
import { expect, test } from './fixtures.ts'

let cookies: Awaited<ReturnType<typeof administratorCookies>> = []

test.skip(!setup, 'DULY_E2E_SETUP names the link that makes the first administrator')
test.describe.configure({ mode: 'serial' })

test.beforeAll(async ({ browser, baseURL }) => {
  cookies = await administratorCookies(browser, baseURL ?? '', setup)
})

test.beforeEach(async ({ context, page }) => {
  await context.addCookies(cookies)
  await page.setViewportSize({ width: 1440, height: 900 })
})

const row = (page: Page, schedule: string) => page.getByRole('row').filter({ hasText: schedule })

test('what comes back by itself is listed with its next run', async ({ page }) => {
  await page.goto('/admin')
  const pages = page.getByRole('navigation', { name: 'Administration' })
  await pages.getByRole('link', { name: 'Queues' }).click()
  await pages.getByRole('link', { name: 'Schedules' }).click()
  await expect(page).toHaveURL(/\/admin\/queues\/schedules$/)
  await expect(row(page, 'Purge trash')).toContainText('daily at 02:30')
  await expect(row(page, 'Purge trash')).toContainText('UTC')
  await expect(row(page, 'Purge trash')).toContainText(/in \d+ (s|min|h)/)
  await expect(row(page, 'Dispatch reminders')).toContainText('every 10 s')
  await expectClean(page)
})

test('what comes back every ten seconds is seen to run', async ({ page }) => {
  await page.goto('/admin/queues/schedules')
  await expect(row(page, 'Dispatch reminders')).toContainText(/\d s ago/, { timeout: 20_000 })
})

test('a schedule that is run now has run, and comes back when it would have anyway', async ({ page }) => {
  await page.goto('/admin/queues/schedules')
  const next = row(page, 'Purge sessions').getByRole('cell').nth(1).locator('time')
  const before = await next.getAttribute('datetime')
  await page.getByRole('button', { name: 'Run now: Purge sessions' }).click()
  await expect(page.getByText('Purge sessions runs now')).toBeVisible()
  await expect(row(page, 'Purge sessions')).toContainText(/\d s ago/)
  await expect(next).toHaveAttribute('datetime', before ?? '')

  await page.getByRole('link', { name: 'Purge sessions' }).click()
  await expect(page).toHaveURL(/\/admin\/jobs\?state=done&kind=purge_sessions$/)
  await expect(page.getByRole('link', { name: 'purge_sessions' }).first()).toBeVisible({ timeout: 20_000 })
})

test('a schedule is paused with a reason, and resumed', async ({ page }) => {
  await page.goto('/admin/queues/schedules')
  await page.getByRole('button', { name: 'Pause… Look after partitions' }).click()
  const dialog = page.getByRole('dialog', { name: 'Pause Look after partitions' })
  await expectClean(page)
  await dialog.getByLabel('Reason').fill('The disk is being replaced')
  await dialog.getByLabel('For how long').selectOption('an hour')
  await dialog.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByText('Paused Look after partitions')).toBeVisible()
  await expect(row(page, 'Look after partitions')).toContainText('The disk is being replaced')
  await expect(row(page, 'Look after partitions')).toContainText('By administrator@example.org')
  await expect(row(page, 'Look after partitions')).toContainText(', until ')

  await page.getByRole('button', { name: 'Resume Look after partitions' }).click()
  await expect(page.getByText('Resumed Look after partitions')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Pause… Look after partitions' })).toBeVisible()
})

test('schedules are walked, run and paused by keyboard', async ({ page }) => {
  await page.goto('/admin/queues/schedules')
  const rows = page.getByRole('main').locator('[data-row]')
  await expect(rows.first()).toBeVisible()
  const names = await rows.evaluateAll((all) => all.map((one) => one.getAttribute('data-row') ?? ''))
  const focused = page.locator('[data-row]:focus-within')
  await page.keyboard.press('j')
  await expect(focused).toHaveAttribute('data-row', names[0] ?? '')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('k')
  await expect(focused).toHaveAttribute('data-row', names[1] ?? '')
  await page.keyboard.press('r')
  await expect(page.getByText(/runs now$/)).toBeVisible()
  await page.keyboard.press('p')
  await expect(page.getByRole('dialog', { name: /^Pause / })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(focused).toHaveAttribute('data-row', names[1] ?? '')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`kind=${names[1]}$`))
})

test('it is said when a schedule cannot be run', async ({ page }) => {
  await page.route('**/api/v1/admin/schedules/*/run', (route) =>
    route.fulfill({ status: 503, json: { title: 'The database is away', status: 503, code: 'unavailable' } }),
  )
  await page.goto('/admin/queues/schedules')
  await page.getByRole('button', { name: 'Run now: Purge sessions' }).click()
  await expect(page.getByText('Purge sessions does not run: The database is away')).toBeVisible()
})
