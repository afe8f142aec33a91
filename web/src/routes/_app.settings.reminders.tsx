import { createFileRoute } from '@tanstack/react-router'
import { ReminderSettings } from '#features/settings/reminders.tsx'

export const Route = createFileRoute('/_app/settings/reminders')({ component: ReminderSettings })
