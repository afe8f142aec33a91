import { createFileRoute } from '@tanstack/react-router'
import { ForgotPassword } from '#features/auth/password.tsx'

export const Route = createFileRoute('/forgot')({ component: ForgotPassword })
