import { expectClean } from './axe.ts'
import { expect, saved, test } from './fixtures.ts'

test('a token is shown once and can be revoked', async ({ signedIn: page }) => {
  await page.goto('/settings/tokens')
  await page.getByLabel('Name').fill('Backup script')
  await page.getByRole('checkbox', { name: /Change tasks/ }).check()
  await page.getByRole('button', { name: 'Create token' }).click()
  await expect(page.getByLabel('The new token')).toHaveValue(/^duly_/)
  await page.getByRole('button', { name: 'I have it' }).click()
  await page.reload()
  const token = page.getByRole('listitem').filter({ hasText: 'Backup script' }).first()
  await expect(token).toContainText('tasks:read, tasks:write')
  await expect(page.getByText(/duly_\w{6}/)).toHaveCount(0)
  await token.getByRole('button', { name: 'Revoke Backup script' }).click()
  await expect(page.getByText('Revoked “Backup script”')).toBeVisible()
  await expect(page.getByText('None yet.')).toBeVisible()
})

test('name, reminders and theme are kept', async ({ signedIn: page }) => {
  await page.goto('/settings')
  await page.getByLabel('Name').fill('Ana R.')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('button', { name: 'Ana R.' })).toBeVisible()

  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Reminders' }).click()
  const overdue = page.getByRole('switch', { name: 'Overdue tasks, once a day' })
  const before = await overdue.isChecked()
  const answered = saved(page, 'PATCH')
  await overdue.click()
  await answered
  const timed = saved(page, 'PATCH')
  const time = before ? '07:30' : '08:15'
  await page.getByLabel('Time of day').fill(time)
  await page.getByLabel('Time of day').blur()
  await timed
  await page.reload()
  await expect(overdue).toBeChecked({ checked: !before })
  await expect(page.getByLabel('Time of day')).toHaveValue(time)

  await page.getByRole('link', { name: 'Appearance' }).click()
  await page.getByRole('radio', { name: 'Dark' }).check()
  await page.reload()
  await expect(page.locator('html')).toHaveClass(/dark/)
})

test('a new password needs the old one', async ({ signedIn: page }) => {
  await page.goto('/settings')
  const form = page.getByRole('region', { name: 'Password' })
  await form.getByLabel('Current password').fill('not the password')
  await form.getByLabel('New password').fill('another-kettle-meadow-81')
  await form.getByRole('button', { name: 'Change password' }).click()
  await expect(form.getByLabel('Current password')).toHaveAttribute('aria-invalid', 'true')
})

test('the session in use is marked', async ({ signedIn: page }) => {
  await page.goto('/settings/sessions')
  await expect(page.getByRole('listitem').filter({ hasText: 'This one' })).toContainText('now')
})

test('tabs that do not fit are reached by keyboard, and the row fades where it goes on', async ({
  signedIn: page,
}) => {
  await page.setViewportSize({ width: 320, height: 640 })
  await page.goto('/settings')
  const tabs = page.getByRole('navigation', { name: 'Settings' })
  const row = tabs.locator('[data-more]')
  await expect(row).toHaveAttribute('data-more', 'end')
  await expect(row).toHaveCSS('mask-image', /linear-gradient/)
  await tabs.getByRole('link', { name: 'Account' }).focus()
  for (const name of ['Reminders', 'Appearance', 'Sessions', 'API tokens']) {
    await page.keyboard.press('Tab')
    await expect(tabs.getByRole('link', { name })).toBeFocused()
    await expect(tabs.getByRole('link', { name })).toBeInViewport({ ratio: 0.99 })
  }
  await expect(row).toHaveAttribute('data-more', 'start')
  await expectClean(page)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/settings\/tokens$/)
  await expect(row).toHaveAttribute('data-more', 'start')
})
