import { createFileRoute } from '@tanstack/react-router'
import { ConfirmEmail } from '#features/auth/confirm-email.tsx'

export const Route = createFileRoute('/confirm')({
  validateSearch: (search: Record<string, unknown>) => ({ token: String(search.token ?? '') }),
  component: Page,
})

function Page() {
  return <ConfirmEmail token={Route.useSearch().token} />
}
