import { useQuery } from '@tanstack/react-query'
import { answer, api, sayError } from '#api/client.ts'
import { accountQuery, queryClient } from '#api/queries.ts'
import type { Account, AccountChange } from '#api/types.ts'
import { say } from '#lib/toasts.ts'

const keep = (account: Account) => {
  const before = queryClient.getQueryData<Account | null>(accountQuery.queryKey)
  queryClient.setQueryData(accountQuery.queryKey, account)
  // What is "today" depends on the zone: everything dated has to be asked for again.
  if (before && before.time_zone !== account.time_zone) void queryClient.invalidateQueries()
  return account
}

/** Sends a change of the account and keeps the answer. Throws what the server refused. */
export const changeAccount = async (change: AccountChange) =>
  keep(await answer(api.PATCH('/api/v1/me', { body: change })))

/** For switches: shows the change at once, puts it back when it is refused. */
export async function setAccount(change: AccountChange) {
  const before = queryClient.getQueryData<Account | null>(accountQuery.queryKey)
  if (before) queryClient.setQueryData(accountQuery.queryKey, { ...before, ...change })
  try {
    await changeAccount(change)
  } catch (error) {
    queryClient.setQueryData(accountQuery.queryKey, before)
    say(`Not saved: ${sayError(error)}`, { tone: 'danger' })
  }
}

export const useAccount = () => useQuery(accountQuery).data ?? null
