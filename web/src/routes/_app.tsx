import { createFileRoute, redirect } from '@tanstack/react-router'
import { accountQuery, queryClient } from '#api/queries.ts'
import { Application } from './-application.tsx'

export const Route = createFileRoute('/_app')({
  // Part of the entry: nearly every visit needs it, and one file less is asked for.
  codeSplitGroupings: [],
  validateSearch: (search: Record<string, unknown>): { task?: string } =>
    typeof search.task === 'string' ? { task: search.task } : {},
  beforeLoad: async ({ location }) => {
    const account = await queryClient.ensureQueryData(accountQuery)
    if (!account)
      throw redirect({ to: '/login', search: location.href === '/' ? {} : { next: location.href } })
  },
  component: Application,
})
