import type { Page } from '@playwright/test'
import { administratorCookies, setup } from './administrator.ts'
import { expectClean } from './axe.ts'
import { Api, day, expect, test } from './fixtures.ts'
import { answerOperator, receipt } from './operator-samples.ts'
import { flyEast } from './traveller.ts'

let cookies: Awaited<ReturnType<typeof administratorCookies>> = []

test.skip(!setup, 'DULY_E2E_SETUP names the link that makes the first administrator')
test.describe.configure({ mode: 'serial' })

test.beforeAll(async ({ browser, baseURL }) => {
  cookies = await administratorCookies(browser, baseURL ?? '', setup)
})

test.beforeEach(async ({ context }) => {
  await context.addCookies(cookies)
})

const rows = (page: Page) => page.getByRole('main').locator('[data-row]')

test('a reminder that is sent leaves a receipt, which is found by whom it was sent to', async ({
  page,
  playwright,
  baseURL,
}) => {
  test.slow()
  const visitor = await playwright.request.newContext()
  const email = await flyEast(new Api(visitor, baseURL ?? ''), [
    { title: 'Water the plants', due_date: day(-3) },
  ])
  await visitor.dispose()

  await page.goto('/admin')
  const pages = page.getByRole('navigation', { name: 'Administration' })
  await pages.getByRole('link', { name: 'Receipts' }).click()
  await page.getByLabel('E-mail of a person').fill(email)
  await expect(page).toHaveURL(/\?user=/)
  const overdue = rows(page).filter({ hasText: 'Overdue' })
  await expect(overdue).toContainText('Sent', { timeout: 60_000 })
  await expect(rows(page)).toHaveCount(1)

  await page.getByLabel('E-mail of a person').blur()
  await page.keyboard.press('j')
  await expect(overdue.getByRole('button')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main').getByText('Message-ID')).toBeVisible()
  await expectClean(page)
  await page.getByRole('link', { name: 'Look for it' }).click()
  await expect(page).toHaveURL(/\/admin\/jobs\?state=done&text=/)
  await expect(page.getByRole('link', { name: 'send_overdue' })).toBeVisible()
  await page.goBack()

  await page.getByLabel('State').selectOption('Bounced')
  await expect(page.getByText('No reminder matches')).toBeVisible()
  await page.reload()
  await expect(page.getByLabel('E-mail of a person')).toHaveValue(email)
  await expect(page.getByLabel('State')).toHaveValue('bounced')
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect(page).toHaveURL(/\/admin\/queues\/receipts$/)
  await expect(rows(page).first()).toBeVisible()
})

test('a reminder that came back says why', async ({ page }) => {
  await answerOperator(page)
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto('/admin/queues/receipts')
  const bounced = rows(page).filter({ hasText: 'Bounced' })
  await expect(bounced).toContainText('550 5.1.1 nobody of this name lives here')
  const complained = rows(page).filter({ hasText: 'Complaint' })
  await expect(complained).toContainText('told by mx.example.org')
  const sent = rows(page).filter({ hasText: 'Due now' })
  await expect(sent).toContainText('Nov 24')
  await expect(sent).toContainText('3 min 0 s late')
  await sent.getByRole('button').click()
  await expect(page.getByText(receipt.message_id)).toBeVisible()
  for (const kind of ['Still open', 'All in one', 'Your week']) {
    await expect(rows(page).filter({ hasText: kind })).toHaveCount(1)
  }
})
