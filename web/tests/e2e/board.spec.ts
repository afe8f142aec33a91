import type { Page } from '@playwright/test'
import { expect, saved, test } from './fixtures.ts'

const column = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
const card = (page: Page, title: string) => page.getByRole('group', { name: title, exact: true })

test.beforeEach(async ({ signedIn: page, api }) => {
  await api.add({ title: 'Draft the talk' })
  await api.add({ title: 'Book the room', status: 'in_progress' })
  await page.goto('/board')
  await expect(card(page, 'Draft the talk')).toBeVisible()
})

test('a card is carried by keyboard', async ({ signedIn: page }) => {
  await card(page, 'Draft the talk').focus()
  await page.keyboard.press('Space')
  await expect(page.getByText(/Picked up Draft the talk/)).toBeAttached()
  await page.keyboard.press('ArrowRight')
  await expect(page.getByText(/Over In progress, column 2 of 3/)).toBeAttached()
  const answered = saved(page, 'PATCH')
  await page.keyboard.press('Space')
  await answered
  await expect(column(page, 'In progress').getByRole('group', { name: 'Draft the talk' })).toBeFocused()
  await expect(column(page, 'To do').getByRole('group')).toHaveCount(0)
})

test('Escape puts the card back', async ({ signedIn: page }) => {
  await card(page, 'Draft the talk').focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Escape')
  await expect(column(page, 'To do').getByRole('group', { name: 'Draft the talk' })).toBeFocused()
})

test('arrows walk between cards and columns', async ({ signedIn: page }) => {
  await card(page, 'Draft the talk').focus()
  await page.keyboard.press('ArrowRight')
  await expect(card(page, 'Book the room')).toBeFocused()
  await page.keyboard.press('ArrowLeft')
  await expect(card(page, 'Draft the talk')).toBeFocused()
})

test('a card is moved by its menu', async ({ signedIn: page }) => {
  await card(page, 'Draft the talk').focus()
  await page.keyboard.press('m')
  await page.getByRole('menuitemcheckbox', { name: 'Done' }).click()
  await expect(column(page, 'Done').getByRole('group', { name: 'Draft the talk' })).toBeVisible()
})

test('a card is dragged', async ({ signedIn: page }) => {
  const answered = saved(page, 'PATCH')
  await card(page, 'Draft the talk').dragTo(column(page, 'Done'))
  await answered
  await expect(column(page, 'Done').getByRole('group', { name: 'Draft the talk' })).toBeVisible()
})
