import { answer, api, sayError } from '#api/client.ts'
import { say } from '#lib/toasts.ts'
import { refresh } from '../queue/job-actions.ts'
import { sayName } from '../queue/words.ts'

/** Fires a schedule once, whenever it is due next, and says so. */
export async function runNow(name: string) {
  try {
    await answer(api.POST('/api/v1/admin/schedules/{id}/run', { params: { path: { id: name } } }))
    say(`${sayName(name)} runs now`)
  } catch (error) {
    say(`${sayName(name)} does not run: ${sayError(error)}`, { tone: 'danger' })
  }
  await refresh()
}
