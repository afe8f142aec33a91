import { createFileRoute } from '@tanstack/react-router'
import { JobPage } from '#features/admin/queue/job.tsx'

export const Route = createFileRoute('/_app/admin/jobs/$id')({ component: JobPage })
