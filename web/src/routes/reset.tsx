import { createFileRoute } from '@tanstack/react-router'
import { ResetPassword } from '#features/auth/password.tsx'

export const Route = createFileRoute('/reset')({
  validateSearch: (search: Record<string, unknown>) => ({ token: String(search.token ?? '') }),
  component: Page,
})

function Page() {
  return <ResetPassword token={Route.useSearch().token} />
}
