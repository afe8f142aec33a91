import { createFileRoute } from '@tanstack/react-router'
import { LogIn } from '#features/auth/log-in.tsx'

export const Route = createFileRoute('/login')({
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === 'string' ? { next: search.next } : {},
  component: Page,
})

function Page() {
  return <LogIn next={Route.useSearch().next} />
}
