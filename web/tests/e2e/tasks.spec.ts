import { day, expect, row, saved, test } from './fixtures.ts'

test('a line of English becomes a task', async ({ signedIn: page, api }) => {
  await page.goto('/')
  await page.keyboard.press('q')
  await page.keyboard.type('Pay rent tomorrow 18:00 #home !high')
  const understood = page.getByRole('status', { name: 'Understood' })
  await expect(understood).toContainText('Tomorrow 18:00')
  await expect(understood).toContainText('High')
  await expect(understood).toContainText('home')
  const answered = saved(page, 'POST')
  await page.keyboard.press('Enter')
  await expect(row(page, 'Pay rent')).toContainText('Tomorrow 18:00')
  await answered
  expect(await api.allTasks()).toMatchObject([
    { title: 'Pay rent', due_date: day(1), due_time: '18:00', priority: 'high', labels: ['home'] },
  ])
})

test('letters typed at once are not lost', async ({ signedIn: page, api }) => {
  await api.add({ title: 'Budget for spring' })
  await page.goto('/')
  await expect(row(page, 'Budget')).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('budget', { delay: 0 })
  await expect(page.getByRole('combobox', { name: 'Search or jump to' })).toHaveValue('budget')
  await expect(page.getByRole('option', { name: /Budget for spring/ }).first()).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('complementary', { name: 'Task: Budget for spring' })).toBeVisible()
})

test('completing, taking it back, and completing for good', async ({ signedIn: page, api }) => {
  await api.add({ title: 'Water the plants', due_date: day(0) })
  await page.goto('/')
  await page.getByRole('checkbox', { name: 'Complete Water the plants' }).click()
  await expect(row(page, 'Water the plants')).toBeHidden()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(row(page, 'Water the plants')).toBeVisible()
  await expect(page.getByRole('checkbox', { name: 'Complete Water the plants' })).not.toBeChecked()

  await row(page, 'Water the plants').focus()
  const answered = saved(page, 'PATCH')
  await page.keyboard.press('e')
  await answered
  await expect(row(page, 'Water the plants')).toBeHidden()
  await page.getByRole('link', { name: 'Completed' }).click()
  await expect(row(page, 'Water the plants')).toBeVisible()
})

test('filters live in the address', async ({ signedIn: page, api }) => {
  await api.add({ title: 'Write the report', labels: ['work'], priority: 'high' })
  await api.add({ title: 'Clean the oven', labels: ['home'] })
  await page.goto('/')
  await page.getByRole('button', { name: 'Label' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'work' }).click()
  await expect(page).toHaveURL(/label=work/)
  await expect(row(page, 'Clean the oven')).toBeHidden()
  await expect(row(page, 'Write the report')).toBeVisible()

  await page.reload()
  await expect(row(page, 'Write the report')).toBeVisible()
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect(row(page, 'Clean the oven')).toBeVisible()

  await page.keyboard.press('/')
  await page.keyboard.type('oven')
  await expect(page).toHaveURL(/q=oven/)
  await expect(row(page, 'Write the report')).toBeHidden()
})

test('many at once, by keyboard', async ({ signedIn: page, api }) => {
  for (const title of ['One', 'Two', 'Three']) await api.add({ title })
  await page.goto('/?sort=title')
  await expect(row(page, 'Three')).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await page.keyboard.press('Shift+ArrowDown')
  await expect(page.getByRole('toolbar', { name: 'Selected tasks' })).toContainText('2')

  await page.keyboard.press('p')
  await page.getByRole('menuitemcheckbox', { name: 'High' }).click()
  await expect(
    page.getByRole('row').filter({ has: page.getByRole('img', { name: 'High priority' }) }),
  ).toHaveCount(2)

  await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('row')).toHaveCount(1)
  await page.keyboard.press('Control+z')
  await expect(page.getByRole('row')).toHaveCount(3)
})

test('every field can be changed in the task', async ({ signedIn: page, api }) => {
  await api.add({ title: 'Plan the trip' })
  await page.goto('/')
  await row(page, 'Plan the trip').focus()
  await page.keyboard.press('Enter')
  const panel = page.getByRole('complementary')
  await expect(panel).toBeFocused()

  await panel.getByLabel('Title').fill('Plan the trip to Porto')
  const renamed = saved(page, 'PATCH')
  await page.keyboard.press('Enter')
  await renamed
  await expect(row(page, 'Plan the trip to Porto')).toBeVisible()

  await panel.getByRole('button', { name: 'Due: no date' }).click()
  await page.getByLabel('Type a date').fill('tomorrow 9am')
  await page.keyboard.press('Enter')
  await expect(panel.getByRole('button', { name: /^Due / })).toContainText('Tomorrow 09:00')

  await panel.getByRole('button', { name: 'Priority' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Low' }).click()
  await expect(panel.getByRole('button', { name: 'Priority: Low' })).toBeVisible()

  await panel.getByRole('button', { name: 'Add label' }).click()
  await page.getByRole('combobox', { name: 'Find or make a label' }).fill('travel')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect(panel.getByText('travel')).toBeVisible()

  await panel.getByRole('button', { name: 'Write' }).click()
  await page.keyboard.type('Take the **night train**')
  const described = saved(page, 'PATCH')
  await page.keyboard.press('Control+Enter')
  await described
  await expect(panel.locator('strong')).toHaveText('night train')

  await panel.getByRole('switch', { name: 'Name this task in the overdue mail' }).click()
  await expect(panel.getByText('Muted')).toBeVisible()

  await panel.getByLabel('Title').press('Escape')
  await expect(panel).toBeHidden()
  await expect(row(page, 'Plan the trip to Porto')).toBeFocused()
  await expect
    .poll(() => api.allTasks())
    .toMatchObject([
      {
        title: 'Plan the trip to Porto',
        due_date: day(1),
        due_time: '09:00',
        priority: 'low',
        labels: ['travel'],
        description: 'Take the **night train**',
        muted: true,
      },
    ])
})

test('a change made elsewhere is not overwritten', async ({ signedIn: page, api }) => {
  const task = await api.add({ title: 'Shared plan' })
  await page.goto(`/?task=${task.id}`)
  const title = page.getByRole('complementary').getByLabel('Title')
  await expect(title).toHaveValue('Shared plan')
  await api.post('tasks/bulk', { ids: [task.id], change: { title: 'Their plan' } })
  await title.fill('My plan')
  await page.keyboard.press('Enter')
  await expect(page.getByText('changed somewhere else')).toBeVisible()
  await expect(title).toHaveValue('Their plan')
})

test('what the server refuses is put back and said', async ({ signedIn: page, api }) => {
  await api.add({ title: 'Fragile' })
  await page.goto('/')
  await page.route('**/api/v1/tasks/*', (route) =>
    route.request().method() === 'PATCH' ? route.fulfill({ status: 500, body: '' }) : route.continue(),
  )
  await page.getByRole('checkbox', { name: 'Complete Fragile' }).click()
  await expect(page.getByText(/^Not saved/)).toBeVisible()
  await expect(page.getByRole('checkbox', { name: 'Complete Fragile' })).not.toBeChecked()
})

test('changes made offline are sent later', async ({ signedIn: page, api, context }) => {
  await api.add({ title: 'On the train' })
  await page.goto('/')
  await expect(row(page, 'On the train')).toBeVisible()
  await context.setOffline(true)
  await expect(page.getByText('You are offline')).toBeVisible()
  await page.getByRole('checkbox', { name: 'Complete On the train' }).click()
  await expect(row(page, 'On the train')).toBeHidden()
  const answered = saved(page, 'PATCH')
  await context.setOffline(false)
  await answered
  await expect(page.getByText('You are offline')).toBeHidden()
})

test('the trash gives back what was deleted', async ({ signedIn: page, api }) => {
  await api.add({ title: 'Old bicycle' })
  await page.goto('/')
  await row(page, 'Old bicycle').focus()
  const deleted = saved(page, 'POST')
  await page.keyboard.press('Delete')
  await deleted
  await expect(row(page, 'Old bicycle')).toBeHidden()
  await page.getByRole('link', { name: 'Trash' }).click()
  await page.getByRole('button', { name: 'Restore Old bicycle' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: 'Old bicycle' })).toBeHidden()
  await page.getByRole('link', { name: 'All open' }).click()
  await expect(row(page, 'Old bicycle')).toBeVisible()
})

test('long lists stay short in the page and go on by themselves', async ({ signedIn: page, api }) => {
  const count = 130
  for (let index = 0; index < count; index++)
    await api.add({ title: `Task ${String(index).padStart(3, '0')}` })
  await page.goto('/?sort=title')
  await expect(row(page, 'Task 000')).toBeVisible()
  expect(await page.getByRole('row').count()).toBeLessThan(60)
  await page.keyboard.press('j')
  await expect(async () => {
    await page.keyboard.press('End')
    await expect(row(page, `Task ${count - 1}`)).toBeFocused({ timeout: 500 })
  }).toPass()
  expect(await page.getByRole('row').count()).toBeLessThan(60)
})

test('single keys can be switched off', async ({ signedIn: page }) => {
  await page.goto('/settings/appearance')
  await page.getByRole('switch', { name: 'Shortcuts of a single key' }).click()
  await page.keyboard.press('q')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog', { name: 'Search or jump to' })).toBeVisible()
})

test('the sheet of shortcuts opens and gives the focus back', async ({ signedIn: page, api }) => {
  await api.add({ title: 'Here' })
  await page.goto('/')
  await row(page, 'Here').focus()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toContainText('Set the due date')
  await page.keyboard.press('Escape')
  await expect(row(page, 'Here')).toBeFocused()
})
