import { createFileRoute } from '@tanstack/react-router'
import { BatchesPage } from '#features/admin/batches/batches.tsx'

export const Route = createFileRoute('/_app/admin/queues/batches/')({ component: BatchesPage })
