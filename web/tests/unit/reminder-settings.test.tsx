import { QueryClientProvider } from '@tanstack/react-query'
import { cleanup, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { accountQuery, queryClient } from '#api/queries.ts'
import type { Account, AccountChange } from '#api/types.ts'
import { ReminderSettings } from '#features/settings/reminders.tsx'
import { toasts } from '#lib/toasts.ts'

const account: Account = {
  id: '01a22a56-86a2-7ec2-a157-000000000001',
  name: 'Ana Ruiz',
  email: 'ana@example.org',
  email_confirmed: true,
  pending_email: null,
  role: 'user',
  time_zone: 'Europe/Madrid',
  locale: 'en',
  reminders: true,
  reminder_time: '09:00',
  overdue_mail: true,
  escalation: 'high',
  digest: { is_on: true, day: 'monday', hour: 8 },
  quiet_hours: null,
  mails_a_day: 5,
  mail_stopped: null,
  created_at: '2026-11-01T09:00:00Z',
}

/** Shows the settings of somebody; answers what is sent, which is refused or becomes so. */
function show({ isRefused = false, ...other }: Partial<Account> & { isRefused?: boolean } = {}) {
  const sent: AccountChange[] = []
  let kept = { ...account, ...other }
  queryClient.setQueryData(accountQuery.queryKey, kept)
  vi.stubGlobal('fetch', async (request: Request) => {
    const change = (await request.json()) as AccountChange
    sent.push(change)
    if (isRefused) return Response.json({ title: 'Away', status: 403, code: 'away' }, { status: 403 })
    kept = { ...kept, ...change } as Account
    return Response.json(kept)
  })
  render(
    <QueryClientProvider client={queryClient}>
      <ReminderSettings />
    </QueryClientProvider>,
  )
  return sent
}

beforeEach(() => queryClient.clear())
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
})

test('the digest is changed as a whole', async () => {
  const sent = show()
  const user = userEvent.setup()
  await user.selectOptions(screen.getByLabelText('Day'), 'Friday')
  await user.selectOptions(screen.getByLabelText('Hour'), '17:00')
  await user.click(screen.getByRole('switch', { name: 'A mail about the week' }))
  expect(sent.map(({ digest }) => digest)).toEqual([
    { is_on: true, day: 'friday', hour: 8 },
    { is_on: true, day: 'friday', hour: 17 },
    { is_on: false, day: 'friday', hour: 17 },
  ])
  expect(screen.queryByLabelText('Day')).toBeNull()
})

test('quiet hours begin with a night, and end with none', async () => {
  const sent = show()
  const user = userEvent.setup()
  const quiet = screen.getByRole('switch', { name: 'No reminders for a part of the day' })
  expect(screen.queryByLabelText('From')).toBeNull()
  await user.click(quiet)
  expect(screen.getByLabelText<HTMLInputElement>('To').value).toBe('07:00')
  await user.click(quiet)
  expect(sent).toEqual([{ quiet_hours: { from: '22:00', to: '07:00' } }, { quiet_hours: null }])
})

test('what is no bound is said, and not sent', async () => {
  const sent = show()
  const user = userEvent.setup()
  const most = screen.getByLabelText('Mails a day, at most')
  await user.clear(most)
  await user.type(most, '101')
  await user.tab()
  expect(most.getAttribute('aria-invalid')).toBe('true')
  expect(screen.getByText('A whole number from 1 to 100, or nothing')).toBeTruthy()
  expect(sent).toEqual([])
  await user.clear(most)
  await user.tab()
  expect(sent).toEqual([{ mails_a_day: null }])
})

test('what is refused goes back to what it was', async () => {
  show({ isRefused: true })
  const user = userEvent.setup()
  const quiet = screen.getByRole<HTMLInputElement>('switch', { name: 'No reminders for a part of the day' })
  await user.click(quiet)
  await vi.waitFor(() => expect(quiet.checked).toBe(false))
  expect(screen.queryByLabelText('From')).toBeNull()
})

test('of which tasks there is a second mail is chosen', async () => {
  const sent = show()
  const choice = screen.getByLabelText<HTMLSelectElement>(/^Remind me a second time/)
  expect(choice.value).toBe('high')
  await userEvent.setup().selectOptions(choice, 'Never')
  await userEvent.setup().selectOptions(choice, 'Of all')
  expect(sent).toEqual([{ escalation: 'off' }, { escalation: 'all' }])
})

const mail_stopped = { since: '2026-11-29T07:00:00Z', reason: '550 5.1.1 no such mailbox' }

test('why no more is sent is said, until it is tried again', async () => {
  const sent = show({ mail_stopped })
  const notice = screen.getByRole('region', { name: 'No reminders are sent' })
  expect(notice.textContent).toContain('None has been sent to ana@example.org since')
  expect(notice.textContent).toContain('Nov 29, 2026, 08:00')
  expect(notice.textContent).toContain('550 5.1.1 no such mailbox')
  await userEvent.setup().click(screen.getByRole('button', { name: 'Try again' }))
  await vi.waitFor(() => expect(screen.queryByText('No reminders are sent')).toBeNull())
  expect(sent).toEqual([{ mail_stopped: null }])
})

test('that no more is sent stays when trying again is refused', async () => {
  show({ mail_stopped, isRefused: true })
  const again = screen.getByRole<HTMLButtonElement>('button', { name: 'Try again' })
  await userEvent.setup().click(again)
  await vi.waitFor(() => expect(toasts.get().at(-1)?.text).toBe('Not changed: Away'))
  await vi.waitFor(() => expect(again.disabled).toBe(false))
  expect(screen.getByText('550 5.1.1 no such mailbox')).toBeTruthy()
})
