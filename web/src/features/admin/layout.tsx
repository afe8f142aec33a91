import { useQuery } from '@tanstack/react-query'
import { Outlet } from '@tanstack/react-router'
import { Lock } from 'lucide-react'
import { accountQuery } from '#api/queries.ts'
import { GroupedPageTabs } from '#ui/page-tabs.tsx'
import { PageHeader, ScrollPage } from '#ui/page.tsx'
import { EmptyState } from '#ui/states.tsx'

/** The pages of administrators, by what they are about. */
export const ADMIN_PAGES = [
  {
    name: 'Server',
    pages: [
      ['/admin', 'Database'],
      ['/admin/cache', 'Cache'],
      ['/admin/slow-queries', 'Slow queries'],
    ],
  },
  {
    name: 'Queues',
    pages: [
      ['/admin/queues', 'Overview'],
      ['/admin/queues/balance', 'Balance'],
      ['/admin/queues/measures', 'Measures'],
      ['/admin/queues/schedules', 'Schedules'],
      ['/admin/queues/actions', 'Actions'],
    ],
  },
  {
    name: 'Jobs',
    pages: [
      ['/admin/jobs', 'All jobs'],
      ['/admin/failures', 'Failures'],
      ['/admin/queues/batches', 'Batches'],
      ['/admin/queues/tags', 'Tags'],
    ],
  },
  { name: 'Receipts', pages: [['/admin/queues/receipts', 'Receipts']] },
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
      <GroupedPageTabs label="Administration" groups={ADMIN_PAGES} />
      <Outlet />
    </ScrollPage>
  )
}
