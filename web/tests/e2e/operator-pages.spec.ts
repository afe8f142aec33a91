import { administratorCookies, setup } from './administrator.ts'
import { expectClean } from './axe.ts'
import { expect, test } from './fixtures.ts'
import { expectNarrowEnough } from './layout.ts'
import { answerOperator, batch } from './operator-samples.ts'

let cookies: Awaited<ReturnType<typeof administratorCookies>> = []

test.skip(!setup, 'DULY_E2E_SETUP names the link that makes the first administrator')
test.describe.configure({ mode: 'serial' })

test.beforeAll(async ({ browser, baseURL }) => {
  cookies = await administratorCookies(browser, baseURL ?? '', setup)
})

test.beforeEach(async ({ context }) => {
  await context.addCookies(cookies)
})

const PAGES: [path: string, shows: string][] = [
  ['/admin/queues/schedules', 'Look after partitions'],
  ['/admin/queues/batches', 'Finished with failures'],
  ['/admin/queues/tags', 'user:01998f2c-3a9a-7c7e-9f57-0e4d7d2b8c11'],
  [`/admin/queues/batches/${batch.id}`, 'Completion job'],
  ['/admin/queues/receipts', 'Due now'],
  ['/admin/queues/balance', 'Configuration'],
]

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 820, 390]) {
    test.describe(`${colorScheme}, ${width} px`, () => {
      test.use({ colorScheme, viewport: { width, height: 844 } })

      test('nothing is in the way of anybody', async ({ page }) => {
        test.slow()
        await answerOperator(page)
        for (const [path, shows] of PAGES) {
          await page.goto(path)
          await expect(page.getByRole('main').getByText(shows).first()).toBeVisible()
          await expectClean(page)
          await expectNarrowEnough(page)
        }
        await page.getByRole('button', { name: 'Try it' }).click()
        await expect(page.getByRole('img', { name: /^The slots/ })).toBeVisible()
        await expectClean(page)
        await expectNarrowEnough(page)
        await page.goto('/admin/queues/receipts')
        await page.locator('[data-row] button').first().click()
        await expectClean(page)
        await expectNarrowEnough(page)
      })
    })
  }
}

test('the palette leads to each of them', async ({ page }) => {
  for (const [name, path] of [
    ['Schedules', 'schedules'],
    ['Batches of jobs', 'batches'],
    ['Watched tags', 'tags'],
    ['Receipts of reminders', 'receipts'],
    ['Balance of queues', 'balance'],
  ] as const) {
    await page.goto('/')
    await expect(page.getByRole('heading', { name: 'All open' })).toBeVisible()
    await page.keyboard.press('Control+k')
    await page.keyboard.type(name)
    await page.getByRole('option', { name, exact: true }).click()
    await expect(page).toHaveURL(new RegExp(`/admin/queues/${path}$`))
  }
})
