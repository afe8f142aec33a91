import type { Page } from '@playwright/test'
import { administratorCookies, setup } from './administrator.ts'
import { expectClean } from './axe.ts'
import { expect, test } from './fixtures.ts'
import { expectNarrowEnough } from './layout.ts'
import { answerWithTrouble, details, idOf, jobs, queues } from './job-samples.ts'

let cookies: Awaited<ReturnType<typeof administratorCookies>> = []

test.skip(!setup, 'DULY_E2E_SETUP names the link that makes the first administrator')
test.describe.configure({ mode: 'serial' })

test.beforeAll(async ({ browser, baseURL }) => {
  cookies = await administratorCookies(browser, baseURL ?? '', setup)
})

test.beforeEach(async ({ context }) => {
  await context.addCookies(cookies)
})

const items = (page: Page) => page.getByRole('main').getByRole('listitem')
const row = (page: Page, queue: string) => page.getByRole('row').filter({ hasText: queue })

/** Answers what is sent to an address as if it had been done, and remembers it. */
async function take(page: Page, address: string) {
  const sent: unknown[] = []
  await page.route(address, (route) => {
    sent.push(route.request().postDataJSON())
    return route.fulfill({ json: { jobs: [idOf(7)], held_up: [] } })
  })
  return sent
}

test('the queues of this server and who works on them are shown, and looked at again', async ({ page }) => {
  await page.goto('/admin')
  await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Queues' }).click()
  await expect(page).toHaveURL(/\/admin\/queues$/)
  await expect(row(page, 'reminders')).toBeVisible()
  await expect(page.getByText('0 of 4 at work')).toBeVisible()
  await expect(page.getByRole('alert')).toHaveCount(0)
  const again = () => page.waitForResponse((response) => response.url().endsWith('/api/v1/admin/queues'))
  expect((await again()).ok()).toBe(true)
  expect((await again()).ok()).toBe(true)
})

test('a queue is paused and resumed, which is written down', async ({ page }) => {
  await page.goto('/admin/queues')
  await page.getByRole('button', { name: 'Pause maintenance…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Pause maintenance' })
  await expectClean(page)
  await dialog.getByLabel('Reason').fill('The disk is being replaced')
  await dialog.getByLabel('For how long').selectOption('an hour')
  await dialog.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByText('Paused maintenance')).toBeVisible()
  await expect(row(page, 'maintenance')).toContainText('The disk is being replaced')
  await expect(row(page, 'maintenance')).toContainText('By administrator@example.org')

  await page.getByRole('button', { name: 'Resume maintenance' }).click()
  await expect(page.getByRole('button', { name: 'Pause maintenance…' })).toBeVisible()

  await page.goto('/admin/queues/actions')
  // Other tests operate the same server.
  const log = (text: string) => items(page).filter({ hasText: text }).first()
  await expect(log('administrator@example.org resumed maintenance')).toBeVisible()
  await expect(log('administrator@example.org paused maintenance')).toContainText(
    'The disk is being replaced',
  )
})

test('a job of a paused kind waits until it is cancelled', async ({ page }) => {
  test.slow()
  await page.goto('/admin/queues')
  await page.getByRole('button', { name: 'Pause a kind…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Pause a kind of jobs' })
  await dialog.getByLabel('Kind').selectOption('dispatch_reminders')
  await dialog.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByRole('button', { name: 'Resume dispatch_reminders' })).toBeVisible()

  // One is pushed every ten seconds.
  await page.goto('/admin/jobs?kind=dispatch_reminders')
  const job = page.getByRole('link', { name: 'dispatch_reminders' })
  await expect(job.first()).toBeVisible({ timeout: 20_000 })
  await page.keyboard.press('j')
  await expect(job.first()).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/admin\/jobs\/[0-9a-f-]{36}$/)
  await expect(page.getByText('Pushed').first()).toBeVisible()
  await page.getByRole('button', { name: 'Cancel job…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel 1 job' }).click()
  await expect(page.getByText('1 job cancelled')).toBeVisible()
  await expect(page.getByText('Cancelled by an operator')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Cancel job…' })).toHaveCount(0)

  await page.goto('/admin/queues')
  await page.getByRole('button', { name: 'Resume dispatch_reminders' }).click()
  await expect(page.getByText('Resumed dispatch_reminders')).toBeVisible()
  await page.goto('/admin/jobs?state=cancelled&kind=dispatch_reminders')
  await expect(job.first()).toBeVisible()
})

test('what is done is measured, and drawn by queue and kind', async ({ page }) => {
  await page.goto('/admin/queues/measures')
  const chart = page.getByRole('img', { name: /jobs done and \d+ failed in 1 hour$/ })
  await expect(chart).toBeVisible()
  await page.getByLabel('Queue', { exact: true }).selectOption('reminders')
  await expect(page).toHaveURL(/queue=reminders/)
  await expect(chart).toBeVisible()
  await page.getByText('Show as a table').first().click()
  await expect(page.getByRole('table', { name: 'Throughput and failures' })).toBeVisible()
  await page.getByLabel('Kind').selectOption('purge_assets')
  await expect(page.getByText('No job ended in this time')).toBeVisible()
  await page.getByRole('link', { name: '90 days' }).click()
  await expect(page).toHaveURL(/range=90d/)
  await page.goBack()
  await expect(page.getByRole('link', { name: '1 hour' })).toHaveAttribute('aria-current', /./)
})

test('filters are kept in the address', async ({ page }) => {
  await page.goto('/admin/jobs')
  await page.getByRole('link', { name: 'Done' }).click()
  await page.getByLabel('Queue').selectOption('reminders')
  await page.getByLabel('Text in data or error').fill('no such text')
  await expect(page.getByText('No job matches')).toBeVisible()
  await page.getByRole('button', { name: 'More filters' }).click()
  await page.getByLabel('Tag').fill('mail')
  await page.getByLabel('Pushed since').fill('2026-01-02T03:04')
  await expect(page).toHaveURL(/since=2026-01-02T03/)
  await page.reload()
  await expect(page.getByLabel('Tag')).toHaveValue('mail')
  await expect(page.getByLabel('Text in data or error')).toHaveValue('no such text')
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect(page.getByLabel('Text in data or error')).toHaveValue('')
  await expect(page).toHaveURL(/\/admin\/jobs\?state=done$/)
  await expect(page.getByRole('link', { name: 'dispatch_reminders' }).first()).toBeVisible()
})

test('a long list is loaded as it is read, and many jobs are retried by keyboard', async ({ page }) => {
  await page.route('**/api/v1/admin/jobs?*', (route) => {
    const isFirst = !new URL(route.request().url()).searchParams.has('cursor')
    return route.fulfill({
      json: isFirst ? { data: jobs(0, 50), next_cursor: 'more' } : { data: jobs(50, 80), next_cursor: null },
    })
  })
  const sent = await take(page, '**/api/v1/admin/jobs/retry')
  await page.goto('/admin/jobs?state=failed')
  await expect(items(page)).toHaveCount(50)
  await page.mouse.move(600, 500)
  await page.mouse.wheel(0, 6000)
  await expect(items(page)).toHaveCount(80)

  const focused = page.locator('[data-row]:focus-within')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('k')
  await expect(focused).toHaveAttribute('data-row', idOf(1))
  await page.keyboard.press('x')
  await expect(page.getByRole('toolbar', { name: 'Selected jobs' })).toContainText('2 selected')
  await page.keyboard.press('r')
  const dialog = page.getByRole('dialog', { name: 'Retry 2 jobs?' })
  await dialog.getByLabel('How many each second').fill('5')
  await dialog.getByRole('button', { name: 'Retry 2 jobs' }).click()
  await expect(page.getByText('1 job waits again')).toBeVisible()
  expect(sent).toEqual([{ jobs: { ids: [idOf(0), idOf(1)] }, per_second: 5 }])

  await page.getByRole('checkbox', { name: 'Select all 80 that are loaded' }).check()
  await expect(page.getByRole('toolbar')).toContainText('80 selected')
  await page.keyboard.press('Escape')
})

test('forgetting is asked for, and sheds no job when it is refused', async ({ page }) => {
  await answerWithTrouble(page)
  await page.route('**/api/v1/admin/jobs/forget', (route) =>
    route.fulfill({ status: 503, json: { title: 'The database is away', status: 503, code: 'unavailable' } }),
  )
  await page.goto('/admin/jobs?state=failed')
  await page.getByRole('checkbox', { name: /^Select send_reminder …00000001$/ }).check()
  await page.getByRole('button', { name: 'Forget' }).click()
  const dialog = page.getByRole('dialog', { name: 'Forget 1 job?' })
  await dialog.getByRole('button', { name: 'Forget 1 job' }).click()
  await expect(dialog.getByRole('alert')).toContainText('The database is away')
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(items(page)).toHaveCount(3)
})

test('a failed job is tried again with other data, which has to be JSON', async ({ page }) => {
  await answerWithTrouble(page)
  const sent = await take(page, '**/api/v1/admin/jobs/retry')
  await page.goto(`/admin/jobs/${idOf(7)}`)
  await page.getByRole('button', { name: 'Edit and retry…' }).click()
  const data = page.getByRole('textbox', { name: 'Data, as JSON' })
  await expect(data).toBeFocused()
  expect(JSON.parse(await data.inputValue())).toEqual(JSON.parse(details.payload))
  await data.fill('{"offset_minutes": 15,}')
  await page.getByRole('button', { name: 'Retry with this data' }).click()
  await expect(data).toHaveAttribute('aria-invalid', 'true')
  expect(sent).toEqual([])
  await data.fill('{"offset_minutes": 60}')
  await page.getByRole('button', { name: 'Retry with this data' }).click()
  await expect(page.getByText('1 job waits again')).toBeVisible()
  expect(sent).toEqual([{ jobs: { ids: [idOf(7)] }, payload: { offset_minutes: 60 } }])
})

test('the data and the tags of a job are read without scrolling sideways', async ({ page }) => {
  await answerWithTrouble(page)
  const tags = Array.from({ length: 21 }, (_, number) => `task:${idOf(number)}`)
  const payload = JSON.stringify({ note: 'x'.repeat(200) })
  const json = { ...details, tags, payload }
  await page.route(`**/api/v1/admin/jobs/${idOf(7)}`, (route) => route.fulfill({ json }))
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 844 })
    await page.goto(`/admin/jobs/${idOf(7)}`)
    const data = page.getByRole('region', { name: 'Data of the job' })
    await expect(data).toContainText('xxx')
    expect(await data.evaluate((region) => region.scrollWidth - region.clientWidth), `${width} px`).toBe(0)
    await expectNarrowEnough(page)
  }
})

test('one of those that failed alike is tried first, then all of them', async ({ page }) => {
  await answerWithTrouble(page)
  const sent = await take(page, '**/api/v1/admin/jobs/retry')
  await page.goto('/admin/failures')
  await page.getByRole('button', { name: 'Retry one send_reminder first' }).click()
  await expect(page.getByRole('link', { name: /see how job …00000007 does/ })).toBeVisible()
  await page.getByRole('button', { name: /^Retry all 1,234 jobs/ }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('At most 1,000 at a time.')
  await expect(dialog.getByLabel('How many each second')).toHaveValue('10')
  await dialog.getByRole('button', { name: 'Retry 1,234 jobs' }).click()
  await expect(dialog).toHaveCount(0)
  const fingerprint = '4d9549a7f9605418'
  expect(sent).toEqual([{ jobs: { ids: [idOf(0)] } }, { jobs: { fingerprint }, per_second: 10 }])
  await page.getByRole('link', { name: 'See the jobs of send_reminder' }).click()
  await expect(page).toHaveURL(/state=failed.*fingerprint=/)
})

test('nobody at work is an alarm', async ({ page }) => {
  const json = { ...queues, workers: [], alarms: [] }
  await page.route('**/api/v1/admin/queues', (route) => route.fulfill({ json }))
  await page.goto('/admin/queues')
  await expect(page.getByRole('alert')).toContainText('No worker was heard of within the last minute')
  await page.unroute('**/api/v1/admin/queues')
  await expect(page.getByRole('alert')).toHaveCount(0)
})

test('what operators were told stands above the queues, and how much it is at the way there', async ({
  page,
}) => {
  await answerWithTrouble(page)
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto('/')
  const way = page.getByRole('link', { name: 'Administration' })
  await expect(way).toHaveAccessibleName('Administration 2 alarms')
  await expectClean(page)
  await way.click()
  await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Queues' }).click()
  const told = page.getByRole('alert').first()
  await expect(told).toContainText('Nobody starts what is scheduled')
  await expect(told).toContainText('61 jobs of the queue urgent failed within ten minutes.Since ')
  await expect(told.getByRole('code')).toHaveText('duly serve')
  await page.unroute('**/api/v1/admin/queues')
  await expect(page.getByRole('alert')).toHaveCount(0)
  await expect(way).toHaveAccessibleName('Administration')
})

test('the palette leads there', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'All open' })).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('failed jobs')
  await page.getByRole('option', { name: 'Failed jobs', exact: true }).click()
  await expect(page).toHaveURL(/\/admin\/failures$/)
})

const PAGES: [path: string, shows: string][] = [
  ['/admin/queues', 'No worker serves the queue default: 12,345 jobs wait for nobody.'],
  ['/admin/queues/measures', 'Throughput and failures'],
  ['/admin/jobs?state=failed', 'Select all 3 that are loaded'],
  [`/admin/jobs/${idOf(7)}`, 'Attempt 2: Failed for good'],
  ['/admin/failures', '1,234 jobs'],
  ['/admin/queues/actions', '10 each second'],
]

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 820, 390]) {
    test.describe(`${colorScheme}, ${width} px`, () => {
      test.use({ colorScheme, viewport: { width, height: 844 } })

      test('nothing is in the way of anybody', async ({ page }) => {
        test.slow()
        await answerWithTrouble(page)
        for (const [path, shows] of PAGES) {
          await page.goto(path)
          await expect(page.getByText(shows).first()).toBeVisible()
          await expectClean(page)
          await expectNarrowEnough(page)
        }
        await page.goto('/admin/jobs?state=failed')
        await page.getByRole('checkbox', { name: 'Select all 3 that are loaded' }).check()
        await expectClean(page)
        await page.getByRole('button', { name: 'Retry', exact: true }).click()
        await expectClean(page)
      })
    })
  }
}
