import type { Page } from '@playwright/test'
import { administratorCookies, setup } from './administrator.ts'
import { expectClean } from './axe.ts'
import { expect, test } from './fixtures.ts'
import { answerOperator, balanceSettings, replay } from './operator-samples.ts'

let cookies: Awaited<ReturnType<typeof administratorCookies>> = []

test.skip(!setup, 'DULY_E2E_SETUP names the link that makes the first administrator')
test.describe.configure({ mode: 'serial' })

test.beforeAll(async ({ browser, baseURL }) => {
  cookies = await administratorCookies(browser, baseURL ?? '', setup)
})

test.beforeEach(async ({ context }) => {
  await context.addCookies(cookies)
})

const inForce = (page: Page, queue: string) =>
  page.getByRole('list', { name: 'Settings in force' }).getByRole('listitem').filter({ hasText: queue })
const fields = (page: Page, queue: string) => page.getByRole('group', { name: queue, exact: true })

test('what a queue may have is changed, and given back to the configuration', async ({ page }) => {
  await page.goto('/admin')
  const pages = page.getByRole('navigation', { name: 'Administration' })
  await pages.getByRole('link', { name: 'Queues' }).click()
  await pages.getByRole('link', { name: 'Balance' }).click()
  await expect(page).toHaveURL(/\/admin\/queues\/balance$/)
  await expect(inForce(page, 'maintenance')).toContainText('Built in')
  await expect(inForce(page, 'maintenance')).toContainText('10 min')
  await expectClean(page)

  await page.getByRole('button', { name: 'Edit… maintenance' }).click()
  const dialog = page.getByRole('dialog', { name: 'What maintenance may have' })
  await expect(dialog.getByLabel('At most')).toHaveValue('')
  await expectClean(page)
  await dialog.getByLabel('At most').fill('3')
  await dialog.getByLabel('May wait, seconds').fill('90')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Changed maintenance')).toBeVisible()
  await expect(inForce(page, 'maintenance')).toContainText('Operator')
  await expect(inForce(page, 'maintenance')).toContainText('1 min 30 s')
  await expect(fields(page, 'maintenance').getByLabel('At most')).toHaveValue('3')

  await page.getByRole('button', { name: 'Edit… maintenance' }).click()
  await dialog.getByLabel('At most').fill('')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(inForce(page, 'maintenance')).toContainText('no bound')

  await page.getByRole('button', { name: 'Reset maintenance' }).click()
  await expect(page.getByText('maintenance has what the configuration says')).toBeVisible()
  await expect(inForce(page, 'maintenance')).toContainText('Built in')
  await expect(inForce(page, 'maintenance')).toContainText('10 min')
  await expect(page.getByRole('button', { name: 'Reset maintenance' })).toHaveCount(0)
})

test('what makes no sense is not sent, and what the server does not take is said at the field', async ({
  page,
}) => {
  const sent: unknown[] = []
  const errors = [{ field: 'weight', code: 'too_large', message: 'At most 1,000' }]
  await page.route('**/api/v1/admin/queues/default/settings', (route) => {
    sent.push(route.request().postDataJSON())
    return route.fulfill({
      status: 422,
      json: { title: 'Something is wrong', status: 422, code: 'no', errors },
    })
  })
  await page.goto('/admin/queues/balance')
  await page.getByRole('button', { name: 'Edit… default' }).click()
  const dialog = page.getByRole('dialog')
  const weight = dialog.getByLabel('Weight')
  const save = dialog.getByRole('button', { name: 'Save' })
  await weight.fill('0')
  await save.click()
  await expect(weight).toBeFocused()
  await weight.fill('2')
  await dialog.getByLabel('At most').pressSequentially('3e')
  await save.click()
  await expect(dialog.getByLabel('At most')).toBeFocused()
  expect(sent).toEqual([])

  await dialog.getByLabel('At most').fill('')
  await weight.fill('5000')
  await save.click()
  await expect(weight).toHaveAttribute('aria-invalid', 'true')
  await expect(weight).toBeFocused()
  await expect(dialog.getByText('At most 1,000')).toBeVisible()
  expect(sent).toEqual([{ weight: 5000 }])
})

test('the last day of this server is decided again', async ({ page }) => {
  const sent: unknown[] = []
  await page.route('**/api/v1/admin/queues/replay', (route) => {
    sent.push(route.request().postDataJSON())
    return route.continue()
  })
  await page.goto('/admin/queues/balance')
  await fields(page, 'urgent').getByLabel('At most').fill('2')
  const answered = page.waitForResponse('**/api/v1/admin/queues/replay')
  await page.getByRole('button', { name: 'Try it' }).click()
  expect((await answered).ok()).toBe(true)
  expect(sent).toEqual([{ hours: 24, queues: { urgent: { max: 2 } } }])
  await expect(page.getByText(/made again\.$|^Nothing was decided in this time/)).toBeVisible()
  // Nothing is changed by it.
  await page.reload()
  await expect(fields(page, 'urgent').getByLabel('At most')).toHaveValue('')
})

test('what would have been stands beside what was', async ({ page }) => {
  await answerOperator(page)
  const sent: unknown[] = []
  await page.route('**/api/v1/admin/queues/replay', (route) => {
    sent.push(route.request().postDataJSON())
    return route.fulfill({ json: replay })
  })
  await page.goto('/admin/queues/balance')
  await expect(inForce(page, 'urgent')).toContainText('Operator')
  await fields(page, 'urgent').getByLabel('At least').fill('4')
  await fields(page, 'maintenance').getByLabel('At most').fill('')
  await page.getByLabel('Of which time').selectOption('the last 6 hours')
  await page.getByRole('button', { name: 'Try it' }).click()
  const urgent = page.getByRole('table').getByRole('row').filter({ hasText: 'urgent' })
  await expect(urgent.getByRole('cell').nth(0)).toHaveText('3.3was 2.5')
  await expect(urgent.getByRole('cell').nth(2)).toHaveText('2 minwas 1 h 11 min')
  expect(sent).toEqual([{ hours: 6, queues: { urgent: { min: 4 }, maintenance: { max: null } } }])

  await expect(page.getByRole('img', { name: /^The slots urgent had/ })).toBeVisible()
  await page.getByRole('button', { name: 'maintenance', exact: true }).click()
  await expect(page.getByRole('img', { name: /^The slots maintenance had/ })).toBeVisible()

  await page.getByRole('button', { name: 'As in force' }).click()
  await expect(fields(page, 'maintenance').getByLabel('At most')).toHaveValue('3')
  expect(balanceSettings.data).toHaveLength(await page.getByRole('main').locator('fieldset').count())
})

test('it is said why nothing could be decided again', async ({ page }) => {
  await answerOperator(page)
  await page.route('**/api/v1/admin/queues/replay', (route) =>
    route.fulfill({
      status: 422,
      json: {
        title: 'Something is wrong',
        status: 422,
        code: 'invalid',
        errors: [{ field: 'queues', code: 'invalid', message: 'At most 10,000 slots' }],
      },
    }),
  )
  await page.goto('/admin/queues/balance')
  await page.getByRole('button', { name: 'Try it' }).click()
  await expect(page.getByRole('alert')).toHaveText('At most 10,000 slots')
})
