import { Outlet } from '@tanstack/react-router'
import { PageTabs } from '#ui/page-tabs.tsx'
import { PageHeader, ScrollPage } from '#ui/page.tsx'

const PAGES = [
  ['/settings', 'Account'],
  ['/settings/reminders', 'Reminders'],
  ['/settings/appearance', 'Appearance'],
  ['/settings/sessions', 'Sessions'],
  ['/settings/tokens', 'API tokens'],
] as const

export function SettingsPage() {
  return (
    <ScrollPage>
      <PageHeader title="Settings" />
      <PageTabs label="Settings" pages={PAGES} />
      <Outlet />
    </ScrollPage>
  )
}
