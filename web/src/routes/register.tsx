import { createFileRoute } from '@tanstack/react-router'
import { Register } from '#features/auth/register.tsx'

export const Route = createFileRoute('/register')({
  validateSearch: (search: Record<string, unknown>): { invite?: string } =>
    typeof search.invite === 'string' ? { invite: search.invite } : {},
  component: Page,
})

function Page() {
  return <Register invite={Route.useSearch().invite} />
}
