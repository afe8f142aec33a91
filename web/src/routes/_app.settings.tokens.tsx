import { createFileRoute } from '@tanstack/react-router'
import { TokenSettings } from '#features/settings/tokens.tsx'

export const Route = createFileRoute('/_app/settings/tokens')({ component: TokenSettings })
