import type { NewTask } from '#api/types.ts'
import { type Api, expect, newEmail, PASSWORD } from './fixtures.ts'

const DAY = 86_400_000
const EASTMOST = 14 * 3_600_000

/** Tomorrow where days begin first. */
export const tomorrowInTheEast = () => new Date(Date.now() + EASTMOST + DAY).toISOString().slice(0, 10)

/**
 * Has somebody with these tasks fly from where days begin last to where they begin first: the daily look of
 * their new day is due at once, whatever the time is. Answers their address.
 */
export async function flyEast(api: Api, tasks: NewTask[]): Promise<string> {
  const email = newEmail()
  const account = { name: 'Tia Moana', email, password: PASSWORD, time_zone: 'Pacific/Pago_Pago' }
  await api.post('register', account)
  for (const task of tasks) await api.add(task)
  const changed = await api.request.patch(`${api.origin}/api/v1/me`, {
    data: { time_zone: 'Pacific/Kiritimati', reminder_time: '00:00' },
    headers: { Origin: api.origin, 'Sec-Fetch-Site': 'same-origin' },
  })
  expect(changed.ok()).toBe(true)
  return email
}
