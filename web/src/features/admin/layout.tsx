import { useQuery } from '@tanstack/react-query'
import { Outlet } from '@tanstack/react-router'
import { Lock } from 'lucide-react'
import { accountQuery } from '#api/queries.ts'
import { PageTabs } from '#ui/page-tabs.tsx'
import { PageHeader, ScrollPage } from '#ui/page.tsx'
import { EmptyState } from '#ui/states.tsx'

const PAGES = [
  ['/admin', 'Database'],
  ['/admin/cache', 'Cache'],
  ['/admin/slow-queries', 'Slow queries'],
  ['/admin/queues', 'Queues'],
  ['/admin/queues/balance', 'Balance'],
  ['/admin/queues/measures', 'Measures'],
  ['/admin/queues/schedules', 'Schedules'],
  ['/admin/jobs', 'Jobs'],
  ['/admin/queues/tags', 'Tags'],
  ['/admin/queues/batches', 'Batches'],
  ['/admin/failures', 'Failures'],
  ['/admin/queues/receipts', 'Receipts'],
  ['/admin/queues/actions', 'Actions'],
] as const

export function AdminPage() {
  const { data: account } = useQuery(accountQuery)
  if (account?.role !== 'admin') {
    return (
      <ScrollPage>
        <PageHeader title="Administration" />
        <EmptyState icon={<Lock size={28} aria-hidden />} title="Only administrators see this">
          Ask whoever runs this server.
        </EmptyState>
      </ScrollPage>
    )
  }
  return (
    <ScrollPage wide>
      <PageHeader title="Administration" />
      <PageTabs label="Administration" pages={PAGES} />
      <Outlet />
    </ScrollPage>
  )
}
