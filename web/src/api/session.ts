import { forgetAll } from '#lib/undo.ts'
import { answer, api } from './client.ts'
import { accountQuery, queryClient } from './queries.ts'
import { forgetSeen } from './seen.ts'
import type { Account } from './types.ts'

/** Takes over the account a log-in answered; nothing of an earlier account stays behind. */
export function signedIn(account: Account) {
  queryClient.clear()
  forgetAll()
  forgetSeen()
  queryClient.setQueryData(accountQuery.queryKey, account)
}

export function signedOut() {
  queryClient.clear()
  forgetAll()
  forgetSeen()
  queryClient.setQueryData(accountQuery.queryKey, null)
}

export async function logOut() {
  await answer(api.POST('/api/v1/logout'))
  signedOut()
}
