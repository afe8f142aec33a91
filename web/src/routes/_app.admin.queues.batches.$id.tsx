import { createFileRoute } from '@tanstack/react-router'
import { BatchPage } from '#features/admin/batches/batch.tsx'

export const Route = createFileRoute('/_app/admin/queues/batches/$id')({ component: BatchPage })
