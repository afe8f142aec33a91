import { administratorCookies } from './administrator.ts'
import { expectClean } from './axe.ts'
import { Api, expect, newEmail, PASSWORD, test } from './fixtures.ts'
import { MailServer } from './mail-server.ts'
import { flyEast, tomorrowInTheEast } from './traveller.ts'

/** A server that sends its mails to this port of the machine, which is the test itself. */
const { DULY_E2E_MAIL_URL: url, DULY_E2E_MAIL_SETUP: link, DULY_E2E_MAIL_PORT: port } = process.env

test.skip(!url || !link || !port, 'DULY_E2E_MAIL_URL names a server that sends mails to DULY_E2E_MAIL_PORT')
test.use({ baseURL: url ?? '' })
// The mail server is at one port.
test.describe.configure({ mode: 'serial' })

test('mails that are refused fail for good, and are sent when they are retried', async ({
  page,
  browser,
}) => {
  test.slow()
  const origin = url ?? ''
  const mails = await MailServer.listen(Number(port))
  await page.context().addCookies(await administratorCookies(browser, origin, link))
  const visitor = await browser.newContext({ baseURL: origin })
  for (const name of ['Ana Ruiz', 'Ben Otieno', 'Cleo Park']) {
    const account = { name, email: newEmail(), password: PASSWORD, time_zone: 'UTC' }
    await new Api(visitor.request, origin).post('register', account)
    await visitor.clearCookies()
  }

  await page.goto('/admin/failures')
  const group = page.getByRole('main').getByRole('listitem').filter({ hasText: 'send_email_confirmation' })
  // The administrator is a person, too, whose mail was refused as well.
  await expect(group).toContainText('4 jobs', { timeout: 30_000 })
  await expect(group).toContainText('nobody of this name lives here')
  await expectClean(page)

  mails.takes = true
  await group.getByRole('button', { name: /^Retry one/ }).click()
  await page.getByRole('link', { name: /^see how job/ }).click()
  await expect(page.getByText('Done', { exact: true }).first()).toBeVisible({ timeout: 15_000 })

  await page.goto('/admin/failures')
  await expect(group).toContainText('3 jobs')
  await group.getByRole('link', { name: 'See the jobs of send_email_confirmation' }).click()
  await page.getByRole('link', { name: 'send_email_confirmation' }).first().click()
  await expect(page.getByText('Attempt 1: Failed for good')).toBeVisible()
  await page.getByRole('button', { name: 'Edit and retry…' }).click()
  await page.getByRole('button', { name: 'Retry with this data' }).click()
  await expect(page.getByText('1 job waits again')).toBeVisible()
  await expect(page.getByText('Done', { exact: true }).first()).toBeVisible({ timeout: 15_000 })

  await page.goto('/admin/jobs?state=failed')
  await page
    .getByRole('checkbox', { name: /^Select send_email_confirmation/ })
    .first()
    .check()
  await page.getByRole('button', { name: 'Forget' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Forget 1 job' }).click()
  await expect(page.getByText('1 job forgotten')).toBeVisible()

  await page.goto('/admin/failures')
  await group.getByRole('button', { name: /^Retry all 1 job/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Retry 1 job' }).click()
  await expect(page.getByText('Nothing failed for good')).toBeVisible({ timeout: 15_000 })
  await page.goto('/admin/queues/actions')
  const log = page.getByRole('main').getByRole('listitem')
  await expect(log).toHaveCount(4)
  await expect(log.nth(1)).toContainText('administrator@example.org forgot job')
  await expect(log.nth(2)).toContainText('with other data')

  await visitor.close()
  mails.close()
})

test('when mails come back again and again none is sent, until the person wants to try again', async ({
  page,
  context,
}) => {
  test.slow()
  const origin = url ?? ''
  const mails = await MailServer.listen(Number(port))
  const due_date = tomorrowInTheEast()
  const titles = ['Water the plants', 'Pay rent', 'Renew the passport']
  const email = await flyEast(
    new Api(context.request, origin),
    titles.map((title) => ({ title, due_date })),
  )
  await expect
    .poll(async () => (await (await context.request.get('/api/v1/me')).json()).mail_stopped, {
      timeout: 60_000,
    })
    .not.toBeNull()

  await page.goto('/settings/reminders')
  const notice = page.getByRole('region', { name: 'No reminders are sent' })
  await expect(notice).toContainText(`None has been sent to ${email}`)
  await expect(notice).toContainText('nobody of this name lives here')
  await expectClean(page)
  await notice.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByText('Reminders are sent again')).toBeVisible()
  await expect(notice).toHaveCount(0)
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Mail reminders' })).toBeVisible()
  await expect(notice).toHaveCount(0)
  mails.close()
})
