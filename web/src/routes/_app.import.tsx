import { createFileRoute } from '@tanstack/react-router'
import { TransferPage } from '#features/transfer/transfer-page.tsx'

export const Route = createFileRoute('/_app/import')({ component: TransferPage })
