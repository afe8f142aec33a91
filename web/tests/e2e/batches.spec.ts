import { administratorCookies, setup } from './administrator.ts'
import { expectClean } from './axe.ts'
import { expect, test } from './fixtures.ts'
import { idOf } from './job-samples.ts'
import { answerOperator, batch, batches } from './operator-samples.ts'

let cookies: Awaited<ReturnType<typeof administratorCookies>> = []

test.skip(!setup, 'DULY_E2E_SETUP names the link that makes the first administrator')
test.describe.configure({ mode: 'serial' })

test.beforeAll(async ({ browser, baseURL }) => {
  cookies = await administratorCookies(browser, baseURL ?? '', setup)
})

test.beforeEach(async ({ context }) => {
  await context.addCookies(cookies)
})

test('the batches of this server are asked for', async ({ page }) => {
  await page.goto('/admin')
  const answered = page.waitForResponse('**/api/v1/admin/batches?*')
  const pages = page.getByRole('navigation', { name: 'Administration' })
  await pages.getByRole('link', { name: 'Jobs' }).click()
  await pages.getByRole('link', { name: 'Batches' }).click()
  const list = (await (await answered).json()) as { data: { name: string }[] }
  const shown = list.data[0]?.name ?? 'No batches'
  await expect(page.getByRole('main').getByText(shown).first()).toBeVisible()
  await expectClean(page)
})

test('a batch that is not there is said to be missing', async ({ page }) => {
  await page.goto(`/admin/queues/batches/${idOf(404)}`)
  await expect(page.getByRole('alert')).toContainText('This could not be loaded')
  await page.getByRole('link', { name: 'Batches' }).last().click()
  await expect(page).toHaveURL(/\/admin\/queues\/batches$/)
})

test('a batch shows how far it has come, and leads to its jobs', async ({ page }) => {
  await answerOperator(page)
  await page.goto('/admin/queues/batches')
  const list = page.getByRole('list', { name: 'Batches' })
  await expect(list.getByRole('listitem').first()).toContainText(
    '8,123 of 12,400 done, 31 failed, 4,246 pending',
  )
  await expect(list.getByRole('listitem').nth(1)).toContainText('Finished with failures')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`/admin/queues/batches/${batch.id}$`))
  await expect(page.getByRole('heading', { name: 'Weekly digests' })).toBeVisible()
  const jobs = page.getByRole('region', { name: 'Jobs' })
  for (const [name, state] of [
    ['Failed', 'failed'],
    ['Ready', 'ready'],
  ] as const) {
    await jobs.getByRole('link', { name }).click()
    const query = new URL(page.url()).searchParams
    expect([query.get('state'), query.get('tag')]).toEqual([state, `batch:${batch.id}`])
    await expect(page.getByLabel('Tag')).toHaveValue(`batch:${batch.id}`)
    await page.goBack()
  }
})

test('what is left of a batch is cancelled, once it is asked', async ({ page }) => {
  await answerOperator(page)
  let sent = 0
  await page.route(`**/api/v1/admin/batches/${batch.id}/cancel`, (route) => {
    sent += 1
    return sent === 1
      ? route.fulfill({ status: 503, json: { title: 'The database is away', status: 503, code: 'away' } })
      : route.fulfill({ status: 204 })
  })
  await page.goto(`/admin/queues/batches/${batch.id}`)
  await page.getByRole('button', { name: 'Cancel batch…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancel Weekly digests?' })
  await expect(dialog).toContainText('4,246 jobs')
  await expectClean(page)
  await dialog.getByRole('button', { name: 'Leave it' }).click()
  await expect(dialog).toHaveCount(0)
  expect(sent).toBe(0)

  await page.getByRole('button', { name: 'Cancel batch…' }).click()
  await dialog.getByRole('button', { name: 'Cancel batch' }).click()
  await expect(dialog.getByRole('alert')).toContainText('The database is away')
  await dialog.getByRole('button', { name: 'Cancel batch' }).click()
  await expect(page.getByText('Cancelled Weekly digests')).toBeVisible()
  await expect(dialog).toHaveCount(0)
})

test('a long list of batches is loaded as it is read', async ({ page }) => {
  await page.route('**/api/v1/admin/batches?*', (route) => {
    const isFirst = !new URL(route.request().url()).searchParams.has('cursor')
    return route.fulfill({
      json: isFirst
        ? { data: batches(0, 50), next_cursor: 'more' }
        : { data: batches(50, 80), next_cursor: null },
    })
  })
  await page.goto('/admin/queues/batches')
  const items = page.getByRole('list', { name: 'Batches' }).getByRole('listitem')
  await expect(items).toHaveCount(50)
  await page.mouse.move(600, 500)
  await page.mouse.wheel(0, 8000)
  await expect(items).toHaveCount(80)
})
