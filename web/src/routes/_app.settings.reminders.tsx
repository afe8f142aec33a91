import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/_app/settings/reminders')({ component: () => <p>Board</p> })
