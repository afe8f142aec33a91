import { createFileRoute } from '@tanstack/react-router'
import { SessionSettings } from '#features/settings/sessions.tsx'

export const Route = createFileRoute('/_app/settings/sessions')({ component: SessionSettings })
