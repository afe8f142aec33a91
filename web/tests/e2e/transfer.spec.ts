import { readFile } from 'node:fs/promises'
import { expect, row, test } from './fixtures.ts'

const mark = () => `x${Date.now().toString(36)}`

test('a file is looked at, imported, and changes nothing the second time', async ({ signedIn: page }) => {
  const word = mark()
  const file = {
    name: 'todo.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from(`(A) Buy milk ${word} @home due:2026-12-01\nCall Noor ${word} +family\n`),
  }
  await page.goto('/import')
  await page.getByLabel('File to import').setInputFiles(file)
  await expect(page.getByText('2 rows read as todotxt')).toBeVisible()
  await expect(page.getByRole('table')).toContainText(`Buy milk ${word}`)
  await page.getByRole('button', { name: 'Import 2 tasks' }).click()
  await expect(page.getByText('Done: 2 new')).toBeVisible()

  await page.getByLabel('File to import').setInputFiles(file)
  await expect(page.getByRole('button', { name: 'Here already 2' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Import 0 tasks' })).toBeDisabled()

  await page.goto(`/?q=${word}`)
  await expect(row(page, 'Buy milk')).toBeVisible()
})

test('a file that is not one is refused in words', async ({ signedIn: page }) => {
  await page.goto('/import')
  await page.getByLabel('Format').selectOption('taskwarrior')
  await page.getByLabel('File to import').setInputFiles({
    name: 'broken.json',
    mimeType: 'application/json',
    buffer: Buffer.from('[{"description":'),
  })
  await expect(page.getByRole('alert').filter({ hasText: /\w/ })).toBeVisible()
})

test('an export is a file', async ({ signedIn: page, api }) => {
  await api.add({ title: 'To be exported' })
  await page.goto('/import')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: /Duly JSON/ }).click(),
  ])
  expect(await readFile(await download.path(), 'utf8')).toContain('To be exported')
})
