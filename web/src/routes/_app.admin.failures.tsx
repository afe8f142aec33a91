import { createFileRoute } from '@tanstack/react-router'
import { FailuresPage } from '#features/admin/queue/failures.tsx'

export const Route = createFileRoute('/_app/admin/failures')({ component: FailuresPage })
