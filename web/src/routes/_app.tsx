import { createFileRoute, redirect } from '@tanstack/react-router'
import { accountQuery, queryClient } from '#api/queries.ts'
import { Application } from './-application.tsx'

export const Route = createFileRoute('/_app')({
  validateSearch: (search: Record<string, unknown>): { task?: string } =>
    typeof search.task === 'string' ? { task: search.task } : {},
  beforeLoad: async ({ location }) => {
    const account = await queryClient.ensureQueryData(accountQuery)
    if (!account)
      throw redirect({ to: '/login', search: location.href === '/' ? {} : { next: location.href } })
  },
  component: Application,
})
