import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import {
  CalendarDays,
  ChartNoAxesColumn,
  ChevronsUpDown,
  CircleCheck,
  Columns3,
  FolderSync,
  Gauge,
  Inbox,
  Plus,
  Search,
  Sun,
  Trash2,
  TriangleAlert,
} from 'lucide-react'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { accountQuery, labelsQuery, statisticsQuery } from '#api/queries.ts'
import type { TaskFilter } from '#api/task-filter.ts'
import { classes } from '#lib/classes.ts'
import { openOverlay } from '#lib/overlay.ts'
import { Brand } from '#ui/brand.tsx'
import { Keys } from '#ui/kbd.tsx'
import { LabelDot } from '#ui/task-marks.tsx'

const AccountMenu = lazy(() => import('./account-menu.tsx'))

const ITEM =
  'flex h-8 items-center gap-2.5 rounded-md px-2.5 text-base transition-colors duration-100 touch:h-11'
const QUIET = 'text-soft hover:bg-hover-strong hover:text-ink'

interface NavItemProps {
  to: '/' | '/board' | '/statistics' | '/import' | '/trash' | '/admin'
  search?: TaskFilter
  icon: ReactNode
  current: boolean
  count?: ReactNode
  urgent?: boolean
  children: ReactNode
}

function NavItem({ to, search, icon, current, count, urgent, children }: NavItemProps) {
  return (
    <li>
      <Link
        to={to}
        search={search ?? {}}
        aria-current={current ? 'page' : undefined}
        className={classes(
          ITEM,
          current ? 'bg-sheet font-medium text-ink shadow-sheet forced-colors:outline-1' : QUIET,
        )}
      >
        <span className={classes('grid w-4 place-items-center', current && 'text-accent')}>{icon}</span>
        <span className="min-w-0 flex-1 truncate">{children}</span>
        {count ? (
          <span className={classes('text-xs tabular-nums', urgent ? 'font-medium text-danger' : 'text-soft')}>
            {count}
          </span>
        ) : null}
      </Link>
    </li>
  )
}

/** Which entry the address belongs to; a list with any other filter belongs to none. */
function useCurrent() {
  const { status, due, label, q, priority } = useSearch({ strict: false }) as Record<
    string,
    string | undefined
  >
  return (path: string, wanted: Record<string, string> = {}) => {
    if (location.pathname !== path) return false
    if (path !== '/') return true
    return (
      status === wanted.status &&
      due === wanted.due &&
      label === wanted.label &&
      q === undefined &&
      priority === undefined
    )
  }
}

interface SidebarProps {
  /** How much is wrong with the server, for administrators. */
  alarms: ReactNode
}

export function Sidebar({ alarms }: SidebarProps) {
  const current = useCurrent()
  const { data: account } = useQuery(accountQuery)
  const { data: labels } = useQuery(labelsQuery)
  const { data: statistics } = useQuery(statisticsQuery)
  return (
    <nav aria-label="Main" className="flex h-full flex-col gap-3 p-3">
      <div className="flex h-9 items-center justify-between pl-2">
        <Brand />
      </div>
      <div className="grid gap-1.5">
        <button
          type="button"
          className="flex h-9 items-center gap-2.5 rounded-md bg-accent px-2.5 text-base font-medium text-accent-ink transition-[filter] hover:brightness-110 touch:h-11"
          onClick={() => openOverlay('quick-add')}
        >
          <Plus size={16} aria-hidden />
          <span className="flex-1 text-left">Add task</span>
          <kbd aria-hidden className="rounded px-1 font-sans text-[11px] opacity-80 touch:hidden">
            Q
          </kbd>
        </button>
        <button type="button" className={classes(ITEM, QUIET)} onClick={() => openOverlay('palette')}>
          <Search size={16} aria-hidden />
          <span className="flex-1 text-left">Search</span>
          <Keys keys="mod+k" />
        </button>
      </div>
      <div className="-mx-3 flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-3 py-1">
        <ul className="grid gap-px">
          <NavItem
            to="/"
            search={{}}
            current={current('/')}
            icon={<Inbox size={16} />}
            count={statistics?.open}
          >
            All open
          </NavItem>
          <NavItem
            to="/"
            search={{ due: 'today' }}
            current={current('/', { due: 'today' })}
            icon={<Sun size={16} />}
          >
            Today
          </NavItem>
          <NavItem
            to="/"
            search={{ due: 'week' }}
            current={current('/', { due: 'week' })}
            icon={<CalendarDays size={16} />}
          >
            Upcoming
          </NavItem>
          <NavItem
            to="/"
            search={{ due: 'overdue' }}
            current={current('/', { due: 'overdue' })}
            icon={<TriangleAlert size={16} />}
            count={statistics?.overdue}
            urgent
          >
            Overdue
          </NavItem>
          <NavItem
            to="/"
            search={{ status: 'completed' }}
            current={current('/', { status: 'completed' })}
            icon={<CircleCheck size={16} />}
          >
            Completed
          </NavItem>
        </ul>
        <ul className="grid gap-px">
          <NavItem to="/board" current={current('/board')} icon={<Columns3 size={16} />}>
            Board
          </NavItem>
          <NavItem to="/statistics" current={current('/statistics')} icon={<ChartNoAxesColumn size={16} />}>
            Statistics
          </NavItem>
        </ul>
        {labels && labels.data.length > 0 ? (
          <section aria-labelledby="sidebar-labels">
            <h2 id="sidebar-labels" className="px-2.5 pb-1 text-xs font-medium text-soft">
              Labels
            </h2>
            <ul className="grid gap-px">
              {labels.data.map(({ name, open }) => (
                <NavItem
                  key={name}
                  to="/"
                  search={{ label: name }}
                  current={current('/', { label: name })}
                  icon={<LabelDot name={name} />}
                  count={open}
                >
                  {name}
                </NavItem>
              ))}
            </ul>
          </section>
        ) : null}
      </div>
      <div className="grid gap-px">
        <ul className="grid gap-px">
          <NavItem to="/import" current={current('/import')} icon={<FolderSync size={16} />}>
            Import and export
          </NavItem>
          <NavItem to="/trash" current={current('/trash')} icon={<Trash2 size={16} />}>
            Trash
          </NavItem>
          {account?.role === 'admin' ? (
            <NavItem
              to="/admin"
              current={location.pathname.startsWith('/admin')}
              icon={<Gauge size={16} />}
              count={alarms}
              urgent
            >
              Administration
            </NavItem>
          ) : null}
        </ul>
        <AccountButton />
      </div>
    </nav>
  )
}

function AccountButton() {
  const { data: account } = useQuery(accountQuery)
  const [anchor, setAnchor] = useState<Element | null>(null)
  if (!account) return null
  return (
    <>
      <button
        type="button"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        className="mt-1 flex h-11 items-center gap-2.5 rounded-md px-2 text-left transition-colors hover:bg-hover-strong"
        onClick={(event) => setAnchor(anchor ? null : event.currentTarget)}
      >
        <span
          aria-hidden
          className="grid size-7 shrink-0 place-items-center rounded-full bg-accent-wash text-xs font-semibold text-accent"
        >
          {account.name.trim().charAt(0).toUpperCase()}
        </span>
        <span className="min-w-0 flex-1 truncate text-base font-medium">{account.name}</span>
        <ChevronsUpDown size={14} className="text-soft" aria-hidden />
      </button>
      <Suspense>{anchor ? <AccountMenu anchor={anchor} onClose={() => setAnchor(null)} /> : null}</Suspense>
    </>
  )
}
