import { createFileRoute } from '@tanstack/react-router'
import { AdminPage } from '#features/admin/layout.tsx'

export const Route = createFileRoute('/_app/admin')({ component: AdminPage })
