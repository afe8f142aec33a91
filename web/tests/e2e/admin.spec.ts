import type { Page } from '@playwright/test'
import type { CacheStatus, DatabaseStatus, SlowQueries } from '#api/types.ts'
import { administratorCookies, setup } from './administrator.ts'
import { expectClean } from './axe.ts'
import { expect, test } from './fixtures.ts'
import { expectNarrowEnough } from './layout.ts'

let cookies: Awaited<ReturnType<typeof administratorCookies>> = []

test.skip(!setup, 'DULY_E2E_SETUP names the link that makes the first administrator')
test.describe.configure({ mode: 'serial' })

test.beforeAll(async ({ browser, baseURL }) => {
  cookies = await administratorCookies(browser, baseURL ?? '', setup)
})

test.beforeEach(async ({ context }) => {
  await context.addCookies(cookies)
})

const heading = (page: Page) => page.getByRole('heading', { name: 'Administration', level: 1 })

test('the way there is shown to administrators only', async ({ page, browser, account, baseURL }) => {
  await page.goto('/')
  await page.getByRole('link', { name: 'Administration' }).click()
  await expect(heading(page)).toBeVisible()
  await expect(page).toHaveURL(/\/admin$/)

  const context = await browser.newContext({ baseURL: baseURL ?? '', storageState: account.state })
  const other = await context.newPage()
  await other.goto('/')
  await expect(other.getByRole('link', { name: 'Statistics' })).toBeVisible()
  await expect(other.getByRole('link', { name: 'Administration' })).toHaveCount(0)
  await other.goto('/admin')
  await expect(other.getByText('Only administrators see this')).toBeVisible()
  await expectClean(other)
  await context.close()
})

test('the palette leads there', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'All open' })).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('slow quer')
  await page.getByRole('option', { name: 'Slow queries' }).click()
  await expect(page).toHaveURL(/\/admin\/slow-queries$/)
})

test('no tab is cut off', async ({ page }) => {
  const tabs = page.getByRole('navigation', { name: 'Administration' })
  for (const width of [768, 1280, 1440]) {
    await page.setViewportSize({ width, height: 800 })
    await page.goto('/admin')
    for (const group of ['Server', 'Queues', 'Jobs', 'Receipts']) {
      const tab = tabs.getByRole('link', { name: group, exact: true })
      await tab.click()
      await expect(tab).toHaveAttribute('aria-current', /./)
      await expect(tabs.locator('[data-more]:not([data-more=""])'), `${group}, ${width} px`).toHaveCount(0)
    }
  }
})

test('the database of this server is shown and looked at again', async ({ page }) => {
  await page.goto('/admin')
  await expect(page.getByText(/^SQLite 3\.\d+/)).toBeVisible()
  await expect(page.getByText('There are no replicas')).toBeVisible()
  const again = () => page.waitForResponse((response) => response.url().endsWith('/api/v1/admin/database'))
  expect((await again()).ok()).toBe(true)
  expect((await again()).ok()).toBe(true)
  await page.getByRole('link', { name: 'Slow queries' }).click()
  await expect(page.getByRole('heading', { name: 'Administration', level: 1 })).toBeVisible()
  await expect(page.getByText(/since the start/).first()).toBeVisible()
})

test('the cache of this server is shown and looked at again', async ({ page }) => {
  await page.goto('/admin')
  await page.getByRole('link', { name: 'Cache' }).click()
  await expect(page).toHaveURL(/\/admin\/cache$/)
  await expect(page.getByText(/^In the memory of this process/)).toBeVisible()
  await expect(page.getByText('64 MiB')).toBeVisible()
  const again = () => page.waitForResponse((response) => response.url().endsWith('/api/v1/admin/cache'))
  const { counters } = (await (await again()).json()) as CacheStatus
  expect(counters.stale).toBe(0)
  await page.request.get('/api/v1/labels')
  await page.request.get('/api/v1/labels')
  await expect(async () => {
    const later = ((await (await again()).json()) as CacheStatus).counters
    expect(later.hits).toBeGreaterThan(counters.hits)
  }).toPass()
})

// A server with replicas and a bad day, which the one under test is not.
const replica = {
  name: 'replica-one.example.org:5432',
  state: 'serving',
  lag_ms: 3,
  round_trip_us: 310,
  in_flight: 2,
  share: 0.62,
  served: 123_456,
  rejected: 6,
  evictions: 0,
  last_eviction: null,
} as const
const status: DatabaseStatus = {
  engine: 'postgres',
  version: '15.4',
  pool: {
    size: 4,
    idle: 0,
    in_use: 4,
    waiting: 2,
    max: 4,
    acquire_wait_us_p50: 12,
    acquire_wait_us_p99: 34_000,
  },
  primary: { state: 'read_only', since: new Date(0).toISOString(), last_error: 'it follows another server' },
  replicas: [
    replica,
    {
      ...replica,
      name: 'replica-two.example.org:5432',
      state: 'evicted',
      share: 0,
      evictions: 3,
      last_eviction: { at: new Date(0).toISOString(), reason: '2500 ms behind, 2000 are allowed' },
    },
    { ...replica, name: 'replica-three.example.org:5432', state: 'probing', lag_ms: null },
  ],
  reads: { replica: 123_456, primary: 650, primary_capped: 12 },
}
const cache: CacheStatus = {
  store: {
    kind: 'redis',
    way: 'sentinel',
    servers: ['sentinel-one.example.org:26379', 'sentinel-two.example.org:26379'],
    state: 'away',
    since: new Date(0).toISOString(),
    last_error: 'Connection refused (os error 111)',
    round_trips: 12_345_678,
  },
  since: new Date(0).toISOString(),
  memory_limit_bytes: 64 * 1024 * 1024,
  counters: {
    hits: 12_345_678,
    hits_in_store: 1_234_567,
    loads: 123_456,
    callers_loaded: 12_345,
    waits: 1234,
    lost: 123_456,
    checks: 3012,
    stale: 2,
    memory_bytes: 48_123_456,
    memory_entries: 34_567,
  },
}
const sample = {
  at: new Date(0).toISOString(),
  duration_us: 250_000,
  rows: 3,
  pool_wait_us: 700,
  engine: 'postgres',
  target: 'replica-one.example.org:5432',
  caller: 'crates/tracker/src/tasks/list.rs:42',
  request_id: '019389f2-3a9a-7c7e-9f57-0e4d7d2b8c11',
  values: null,
} as const
const text = `SELECT id, title FROM tasks WHERE user_id = ? AND id IN (…) AND ${'title <> ? AND '.repeat(20)}TRUE`
const slow: SlowQueries = {
  threshold_us: 100_000,
  since: new Date(0).toISOString(),
  forgotten: 2,
  data: [
    {
      id: 'aa',
      text,
      count: 12,
      total_us: 3_000_000,
      mean_us: 250_000,
      rows: 36,
      last_seen_at: new Date(0).toISOString(),
      worst: sample,
    },
  ],
  recent: [{ id: 'aa', text, sample }],
}
const plan = {
  id: 'aa',
  plan: `Sort  (cost=12.10..12.20 rows=40 width=64)\n  ->  ${'Seq Scan on tasks '.repeat(9)}\n`,
}

async function answerWith(page: Page) {
  await page.route('**/api/v1/admin/cache', (route) => route.fulfill({ json: cache }))
  await page.route('**/api/v1/admin/database', (route) => route.fulfill({ json: status }))
  await page.route('**/api/v1/admin/slow-queries', (route) => route.fulfill({ json: slow }))
  await page.route('**/api/v1/admin/slow-queries/aa/plan', (route) => route.fulfill({ json: plan }))
}

/** A figure that is wider than its place is cut off there. */
const figuresCut = (page: Page) =>
  page.locator('dd').evaluateAll((figures) => {
    const isCut = (figure: Element) => figure.scrollWidth > figure.clientWidth + 20
    return figures.filter(isCut).map((figure) => figure.textContent)
  })

test('large figures fit at any width', async ({ page }) => {
  const large = Object.fromEntries(Object.keys(cache.counters).map((name) => [name, 99_999]))
  await page.route('**/api/v1/admin/cache', (route) =>
    route.fulfill({ json: { ...cache, counters: { ...large, memory_bytes: 99.9 * 1024 * 1024 } } }),
  )
  for (const width of [390, 768, 1024, 1440]) {
    await page.setViewportSize({ width, height: 900 })
    await page.goto('/admin/cache')
    await expect(page.getByText('99.9 MiB')).toBeVisible()
    expect(await figuresCut(page), `${width} px`).toEqual([])
    await expectNarrowEnough(page)
  }
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ]) {
    test.describe(`${colorScheme}, ${viewport.width} px`, () => {
      test.use({ colorScheme, viewport })

      test('nothing is in the way of anybody', async ({ page }) => {
        test.slow()
        for (const path of ['/admin', '/admin/cache', '/admin/slow-queries']) {
          await page.goto(path)
          await expect(heading(page)).toBeVisible()
          await expect(page.getByText(/^Loading/)).toHaveCount(0)
          await expectClean(page)
        }
        await answerWith(page)
        await page.goto('/admin')
        await expect(page.getByText('replica-three.example.org:5432')).toBeVisible()
        await expect(page.getByText('2500 ms behind, 2000 are allowed')).toBeVisible()
        const replicas = page.getByRole('region', { name: 'What each replica does' })
        await expect(replicas).toHaveAttribute('data-more', viewport.width > 1000 ? '' : 'end')
        await expectClean(page)
        await expectNarrowEnough(page)

        await page.goto('/admin/cache')
        await expect(page.getByText(/^A kept answer was stale\. This is a fault of Duly/)).toBeVisible()
        await expect(page.getByText('99.1%')).toBeVisible()
        await expectClean(page)
        await expectNarrowEnough(page)

        await page.goto('/admin/slow-queries')
        const statement = page.getByRole('button', { name: 'SELECT id, title' })
        await statement.focus()
        await page.keyboard.press('Enter')
        await expect(page.getByText(sample.request_id)).toBeVisible()
        await page.keyboard.press('Tab')
        await expect(page.getByRole('button', { name: 'Explain the slowest' })).toBeFocused()
        await page.keyboard.press('Enter')
        await expect(page.getByRole('region', { name: 'Plan' })).toContainText('Seq Scan')
        await expectClean(page)
        await expectNarrowEnough(page)
      })
    })
  }
}
