import { createFileRoute } from '@tanstack/react-router'
import { QueuesPage } from '#features/admin/queue/queues.tsx'

export const Route = createFileRoute('/_app/admin/queues/')({ component: QueuesPage })
