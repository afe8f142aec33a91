import { createFileRoute } from '@tanstack/react-router'
import { ReceiptsPage } from '#features/admin/receipts/receipts.tsx'

export const Route = createFileRoute('/_app/admin/queues/receipts')({ component: ReceiptsPage })
