import { expectClean } from './axe.ts'
import { expect, saved, test } from './fixtures.ts'

test('the weekly digest is switched on for a day and an hour', async ({ signedIn: page }) => {
  await page.goto('/settings/reminders')
  const digest = page.getByRole('region', { name: 'Weekly digest' })
  const isOn = digest.getByRole('switch', { name: 'A mail about the week' })
  if (await isOn.isChecked()) {
    const off = saved(page, 'PATCH')
    await isOn.click()
    await off
  }
  await expect(digest.getByLabel('Day')).toHaveCount(0)
  const on = saved(page, 'PATCH')
  await isOn.click()
  await on
  const onDay = saved(page, 'PATCH')
  await digest.getByLabel('Day').selectOption('Friday')
  await onDay
  const atHour = saved(page, 'PATCH')
  await digest.getByLabel('Hour').selectOption('17:00')
  await atHour
  await page.reload()
  await expect(isOn).toBeChecked()
  await expect(digest.getByLabel('Day')).toHaveValue('friday')
  await expect(digest.getByLabel('Hour')).toHaveValue('17')
  await expectClean(page)
})

test('quiet hours are kept, and can go past midnight', async ({ signedIn: page }) => {
  await page.goto('/settings/reminders')
  const quiet = page.getByRole('region', { name: 'Quiet hours' })
  const isOn = quiet.getByRole('switch')
  await expect(isOn).not.toBeChecked()
  const on = saved(page, 'PATCH')
  await isOn.click()
  await on
  await expect(quiet.getByLabel('From')).toHaveValue('22:00')
  await expect(quiet.getByLabel('To')).toHaveValue('07:00')
  const changed = saved(page, 'PATCH')
  await quiet.getByLabel('To').fill('06:30')
  await quiet.getByLabel('To').blur()
  await changed
  await page.reload()
  await expect(quiet.getByLabel('To')).toHaveValue('06:30')
  await expectClean(page)
  const off = saved(page, 'PATCH')
  await isOn.click()
  await off
  await page.reload()
  await expect(isOn).not.toBeChecked()
})

test('reminders a day are bounded, and what is no bound is not sent', async ({ signedIn: page }) => {
  await page.goto('/settings/reminders')
  const most = page.getByLabel('Mails a day, at most')
  await expect(most).toHaveValue('')
  const bounded = saved(page, 'PATCH')
  await most.fill('5')
  await most.blur()
  await bounded
  await page.reload()
  await expect(most).toHaveValue('5')

  await most.fill('101')
  await most.blur()
  await expect(most).toHaveAttribute('aria-invalid', 'true')
  await page.reload()
  await expect(most).toHaveValue('5')

  const free = saved(page, 'PATCH')
  await most.fill('')
  await most.blur()
  await free
  await page.reload()
  await expect(most).toHaveValue('')
})

test('a second mail is had of all tasks, or of none', async ({ signedIn: page }) => {
  await page.goto('/settings/reminders')
  const of = page.getByLabel('Remind me a second time of a task that is still open an hour after its time')
  await expect(of).toHaveValue('high')
  for (const [name, value] of [
    ['Of all', 'all'],
    ['Never', 'off'],
    ['Of high priority', 'high'],
  ] as const) {
    const changed = saved(page, 'PATCH')
    await of.selectOption(name)
    await changed
    await page.reload()
    await expect(of).toHaveValue(value)
  }
})

test('a preference that is refused goes back to what it was', async ({ signedIn: page }) => {
  await page.goto('/settings/reminders')
  await page.route('**/api/v1/me', (route) =>
    route.request().method() === 'PATCH'
      ? route.fulfill({ status: 503, json: { title: 'The database is away', status: 503, code: 'away' } })
      : route.fallback(),
  )
  const quiet = page.getByRole('region', { name: 'Quiet hours' }).getByRole('switch')
  await quiet.click()
  await expect(page.getByText('Not saved: The database is away')).toBeVisible()
  await expect(quiet).not.toBeChecked()
})
