import { Link, useRouterState, type LinkProps } from '@tanstack/react-router'
import { useLayoutEffect, useRef } from 'react'
import { classes } from '#lib/classes.ts'

interface PageTabsProps {
  label: string
  pages: readonly (readonly [to: NonNullable<LinkProps['to']>, name: string])[]
}

/** The one whose address the path is, or else that it lies below: of several the nearest. */
const currentOf = (pages: PageTabsProps['pages'], path: string) =>
  pages
    .map(([to]) => to)
    .filter((to) => path === to || path.startsWith(`${to}/`))
    .toSorted((one, other) => other.length - one.length)[0]

/** The pages that belong together, below the header of each. */
export function PageTabs({ label, pages }: PageTabsProps) {
  const path = useRouterState({ select: (state) => state.location.pathname.replace(/\/$/, '') })
  const current = currentOf(pages, path)
  const place = useRef<HTMLElement>(null)
  // Where they do not fit they are scrolled; the one that is shown stays in sight.
  useLayoutEffect(() => {
    const tab = place.current?.querySelector('[data-shown]')
    if (!place.current || !tab) return
    const [outer, inner] = [place.current.getBoundingClientRect(), tab.getBoundingClientRect()]
    if (inner.left < outer.left || inner.right > outer.right) {
      place.current.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2
    }
  }, [current])
  return (
    <nav
      ref={place}
      aria-label={label}
      className="-mt-3 flex gap-1 overflow-x-auto border-b border-line [scrollbar-width:none]"
    >
      {pages.map(([to, name]) => (
        <Link
          key={to}
          to={to}
          // The router calls every page current that the path lies below.
          activeOptions={{ exact: true }}
          data-shown={current === to || undefined}
          aria-current={path === to ? 'page' : current === to ? 'true' : undefined}
          className={classes(
            '-mb-px flex h-9 items-center border-b-2 text-base whitespace-nowrap mr-4 -outline-offset-2 touch:h-11',
            current === to
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
