import { createFileRoute } from '@tanstack/react-router'
import { CachePage } from '#features/admin/cache.tsx'

export const Route = createFileRoute('/_app/admin/cache')({ component: CachePage })
