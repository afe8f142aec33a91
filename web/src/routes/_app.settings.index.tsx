import { createFileRoute } from '@tanstack/react-router'
import { AccountSettings } from '#features/settings/account.tsx'

export const Route = createFileRoute('/_app/settings/')({ component: AccountSettings })
