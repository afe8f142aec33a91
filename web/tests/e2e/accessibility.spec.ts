import { expectClean } from './axe.ts'
import { type Api, day, expect, row, test } from './fixtures.ts'

const WIDTHS = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
]

async function fill(api: Api) {
  await api.add({
    title: 'Renew the passport',
    due_date: day(-3),
    priority: 'high',
    labels: ['home', 'errands'],
  })
  await api.add({
    title: 'Pay rent',
    due_date: day(0),
    due_time: '18:00',
    description: 'To **Marlow**\n\n- [x] check',
  })
  await api.add({ title: 'Draft the budget', due_date: day(1), status: 'in_progress', labels: ['work'] })
  await api.add({ title: 'Read', priority: 'low' })
  await api.add({ title: 'Stand-up notes', status: 'completed', labels: ['work'] })
}

const OUTSIDE: [string, string][] = [
  ['/login', 'Log in'],
  ['/register', 'Create an account'],
  ['/forgot', 'Forgot your password?'],
  ['/reset?token=x', 'Choose a new password'],
  ['/confirm?token=x', 'This link does not work'],
  ['/setup?token=x', 'Set up Duly'],
]
const INSIDE: [string, string][] = [
  ['/', 'All open'],
  ['/?due=today', 'Today'],
  ['/?due=week', 'Upcoming'],
  ['/?status=completed', 'Completed'],
  ['/?label=nothing-has-this', 'nothing-has-this'],
  ['/board', 'Board'],
  ['/statistics', 'Statistics'],
  ['/trash', 'Trash'],
  ['/import', 'Import and export'],
  ['/settings', 'Settings'],
  ['/settings/reminders', 'Settings'],
  ['/settings/appearance', 'Settings'],
  ['/settings/sessions', 'Settings'],
  ['/settings/tokens', 'Settings'],
]

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of WIDTHS) {
    test.describe(`${colorScheme}, ${viewport.width} px`, () => {
      test.use({ colorScheme, viewport })

      for (const [path, heading] of OUTSIDE) {
        test(path, async ({ page }) => {
          await page.goto(path)
          await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeVisible()
          await expectClean(page)
        })
      }

      for (const [path, heading] of INSIDE) {
        test(path, async ({ signedIn: page, api }) => {
          await fill(api)
          await page.goto(path)
          await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeVisible()
          await expect(page.getByText(/^Loading/)).toHaveCount(0)
          await expectClean(page)
        })
      }

      test('layers over the page', async ({ signedIn: page, api }) => {
        test.slow()
        await fill(api)
        await page.goto('/')
        await row(page, 'Pay rent').focus()
        await page.keyboard.press('x')
        await expect(page.getByRole('toolbar')).toBeVisible()
        await expectClean(page)

        for (const [key, role] of [
          ['d', 'dialog'],
          ['l', 'dialog'],
          ['p', 'menu'],
          ['m', 'menu'],
        ] as const) {
          await page.keyboard.press(key)
          await expect(page.getByRole(role)).toBeVisible()
          await expectClean(page)
          await page.keyboard.press('Escape')
          await expect(page.getByRole(role)).toHaveCount(0)
          await expect(row(page, 'Pay rent')).toBeFocused()
        }
        await page.keyboard.press('Escape')
        for (const [key, text] of [
          ['q', 'buy milk fri #home !high'],
          ['Control+k', 'pay'],
          ['?', ''],
        ] as const) {
          await page.keyboard.press(key)
          await expect(page.getByRole('dialog')).toBeVisible()
          await page.keyboard.type(text)
          await expectClean(page)
          await page.keyboard.press('Escape')
          await expect(page.getByRole('dialog')).toHaveCount(0)
        }
        await row(page, 'Pay rent').focus()
        await page.keyboard.press('Enter')
        await expect(page.getByRole('complementary').locator('strong')).toBeVisible()
        await page.getByRole('button', { name: 'Activity' }).click()
        await expect(page.getByText('Written down')).toBeVisible()
        await expectClean(page)
      })
    })
  }
}

test('nothing is wider than a phone', async ({ signedIn: page, api }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await fill(api)
  for (const [path, heading] of INSIDE) {
    await page.goto(path)
    await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeVisible()
    const [inner, outer] = await page.evaluate(() => {
      const scroller = document.querySelector('[data-scroll]') ?? document.documentElement
      return [scroller.scrollWidth, scroller.clientWidth]
    })
    expect(inner, path).toBeLessThanOrEqual(outer)
  }
})

test('a narrow window has targets for fingers, whatever points at them', async ({ signedIn: page }) => {
  await page.goto('/settings')
  const save = page.getByRole('button', { name: 'Save' }).first()
  for (const [width, height] of [
    [767, 44],
    [768, 32],
  ] as const) {
    await page.setViewportSize({ width, height: 844 })
    await expect.poll(async () => (await save.boundingBox())?.height, `${width} px`).toBe(height)
  }
})
