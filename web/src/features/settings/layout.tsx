import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { PageHeader, ScrollPage } from '#ui/page.tsx'
import { classes } from '#lib/classes.ts'

const PAGES = [
  ['/settings', 'Account'],
  ['/settings/reminders', 'Reminders'],
  ['/settings/appearance', 'Appearance'],
  ['/settings/sessions', 'Sessions'],
  ['/settings/tokens', 'API tokens'],
] as const

export function SettingsPage() {
  const path = useRouterState({ select: (state) => state.location.pathname.replace(/\/$/, '') })
  return (
    <ScrollPage>
      <PageHeader title="Settings" />
      <nav
        aria-label="Settings"
        className="-mt-3 flex gap-1 overflow-x-auto border-b border-line [scrollbar-width:none]"
      >
        {PAGES.map(([to, name]) => (
          <Link
            key={to}
            to={to}
            aria-current={path === to ? 'page' : undefined}
            className={classes(
              '-mb-px flex h-9 items-center border-b-2 text-base whitespace-nowrap mr-4 -outline-offset-2 touch:h-11',
              path === to
                ? 'border-accent font-medium text-ink'
                : 'border-transparent text-soft hover:text-ink',
            )}
          >
            {name}
          </Link>
        ))}
      </nav>
      <Outlet />
    </ScrollPage>
  )
}
