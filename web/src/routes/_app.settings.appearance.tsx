import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/_app/settings/appearance')({ component: () => <p>Board</p> })
