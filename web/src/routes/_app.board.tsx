import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/_app/board')({ component: () => <p>Board</p> })
