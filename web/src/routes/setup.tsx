import { createFileRoute } from '@tanstack/react-router'
import { Register } from '#features/auth/register.tsx'

export const Route = createFileRoute('/setup')({
  validateSearch: (search: Record<string, unknown>) => ({ token: String(search.token ?? '') }),
  component: Page,
})

function Page() {
  return <Register setupToken={Route.useSearch().token} />
}
