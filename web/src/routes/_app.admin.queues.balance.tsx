import { createFileRoute } from '@tanstack/react-router'
import { BalancePage } from '#features/admin/balance/balance.tsx'

export const Route = createFileRoute('/_app/admin/queues/balance')({ component: BalancePage })
