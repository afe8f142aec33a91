import { createFileRoute } from '@tanstack/react-router'
import { DatabasePage } from '#features/admin/database.tsx'

export const Route = createFileRoute('/_app/admin/')({ component: DatabasePage })
