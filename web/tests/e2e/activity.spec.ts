import { day, expect, row, saved, test } from './fixtures.ts'

test('the activity of a task says what was changed', async ({ signedIn: page, api }) => {
  await api.add({ title: 'Renew the passport', due_date: day(400) })
  await page.goto('/')
  await row(page, 'Renew the passport').focus()
  await page.keyboard.press('Enter')
  const panel = page.getByRole('complementary', { name: 'Task: Renew the passport' })
  const activity = panel.getByRole('button', { name: 'Activity' })
  await expect(activity).toHaveAttribute('aria-expanded', 'false')
  await activity.focus()
  await page.keyboard.press('Enter')
  const entries = panel.getByRole('region', { name: 'Activity' }).getByRole('listitem')
  await expect(entries).toHaveText([/^Written down/])

  const answered = saved(page, 'PATCH')
  await panel.getByRole('switch', { name: 'Name this task in the overdue mail' }).click()
  await answered
  await expect(entries).toHaveText([/^Left out of the overdue mail/, /^Written down/])
  const complete = saved(page, 'PATCH')
  await panel.getByRole('button', { name: 'Complete' }).click()
  await complete
  await expect(entries).toHaveText([/^Completed/, /^Left out/, /^Written down/])
})
