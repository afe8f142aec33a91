import { createFileRoute } from '@tanstack/react-router'
import { MeasuresPage } from '#features/admin/queue/measures.tsx'

export const Route = createFileRoute('/_app/admin/queues/measures')({ component: MeasuresPage })
