import { Link, useRouterState, type LinkProps } from '@tanstack/react-router'
import { classes } from '#lib/classes.ts'
import { ScrolledRow } from './scrolled-row.tsx'

type PageTab = readonly [to: NonNullable<LinkProps['to']>, name: string]

interface PageTabsProps {
  label: string
  pages: readonly PageTab[]
}

interface PageGroup {
  name: string
  pages: readonly [PageTab, ...PageTab[]]
}

interface GroupedPageTabsProps {
  label: string
  groups: readonly PageGroup[]
}

/** Of these pages the one whose address is the path, or else that it lies below: of several the nearest. */
function useShown(pages: readonly PageTab[]) {
  const path = useRouterState({ select: (state) => state.location.pathname.replace(/\/$/, '') })
  return pages
    .map(([to]) => to)
    .filter((to) => path === to || path.startsWith(`${to}/`))
    .toSorted((one, other) => other.length - one.length)[0]
}

/** The pages that belong together, below the header of each. */
export function PageTabs({ label, pages }: PageTabsProps) {
  const shown = useShown(pages)
  return (
    <nav aria-label={label} className="-mt-3 border-b border-line">
      <ScrolledRow shown={shown} className="-mb-px gap-5">
        {pages.map(([to, name]) => (
          <Tab key={to} to={to} name={name} shown={to === shown} />
        ))}
      </ScrolledRow>
    </nav>
  )
}

/** The same for many pages: the groups they are in, and below them the pages of the one that is shown. */
export function GroupedPageTabs({ label, groups }: GroupedPageTabsProps) {
  const shown = useShown(groups.flatMap(({ pages }) => pages))
  const group = groups.find(({ pages }) => pages.some(([to]) => to === shown))
  return (
    <nav aria-label={label} className="-mt-3">
      <div className="border-b border-line">
        <ScrolledRow shown={group?.name} className="-mb-px gap-5">
          {groups.map(({ name, pages }) => (
            <Tab key={name} to={pages[0][0]} name={name} shown={group?.name === name} />
          ))}
        </ScrolledRow>
      </div>
      {group && group.pages.length > 1 ? (
        <ScrolledRow key={group.name} shown={shown} label={group.name} className="-mb-2 mt-1 gap-4">
          {group.pages.map(([to, name]) => (
            <Tab key={to} to={to} name={name} shown={to === shown} small />
          ))}
        </ScrolledRow>
      ) : null}
    </nav>
  )
}

interface TabProps {
  to: PageTab[0]
  name: string
  /** What is shown is this page, one below it, or one of its group. */
  shown: boolean
  /** In the second row. */
  small?: boolean
}

function Tab({ to, name, shown, small = false }: TabProps) {
  return (
    <Link
      to={to}
      // The router says of what leads to this very page that it does, and shall not of what this lies below.
      activeOptions={{ exact: true }}
      data-shown={shown || undefined}
      aria-current={shown ? 'true' : undefined}
      className={classes(
        'flex h-9 items-center whitespace-nowrap -outline-offset-2 touch:h-11',
        small ? 'text-sm' : 'border-b-2 text-base',
        shown
          ? classes('border-accent text-ink', small ? 'font-semibold' : 'font-medium')
          : 'border-transparent text-soft hover:text-ink',
      )}
    >
      {name}
    </Link>
  )
}
