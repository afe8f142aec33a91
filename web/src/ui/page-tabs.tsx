import { Link, useRouterState, type LinkProps } from '@tanstack/react-router'
import { classes } from '#lib/classes.ts'

interface PageTabsProps {
  label: string
  pages: readonly (readonly [to: NonNullable<LinkProps['to']>, name: string])[]
}

/** The pages that belong together, below the header of each. */
export function PageTabs({ label, pages }: PageTabsProps) {
  const path = useRouterState({ select: (state) => state.location.pathname.replace(/\/$/, '') })
  return (
    <nav
      aria-label={label}
      className="-mt-3 flex gap-1 overflow-x-auto border-b border-line [scrollbar-width:none]"
    >
      {pages.map(([to, name]) => (
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
  )
}
