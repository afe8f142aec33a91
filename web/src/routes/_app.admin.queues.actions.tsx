import { createFileRoute } from '@tanstack/react-router'
import { ActionsPage } from '#features/admin/queue/actions.tsx'

export const Route = createFileRoute('/_app/admin/queues/actions')({ component: ActionsPage })
