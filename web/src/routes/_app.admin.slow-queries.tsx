import { createFileRoute } from '@tanstack/react-router'
import { SlowQueriesPage } from '#features/admin/slow-queries.tsx'

export const Route = createFileRoute('/_app/admin/slow-queries')({ component: SlowQueriesPage })
