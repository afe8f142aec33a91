import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/_app/settings/sessions')({ component: () => <p>Board</p> })
