import { createFileRoute } from '@tanstack/react-router'
import { TagsPage } from '#features/admin/queue/tags.tsx'

export const Route = createFileRoute('/_app/admin/queues/tags')({ component: TagsPage })
