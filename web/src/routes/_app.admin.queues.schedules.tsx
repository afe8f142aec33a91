import { createFileRoute } from '@tanstack/react-router'
import { SchedulesPage } from '#features/admin/schedules/schedules.tsx'

export const Route = createFileRoute('/_app/admin/queues/schedules')({ component: SchedulesPage })
