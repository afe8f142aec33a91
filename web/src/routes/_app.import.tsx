import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/_app/import')({ component: () => <p>Board</p> })
