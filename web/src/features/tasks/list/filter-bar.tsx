import { useNavigate } from '@tanstack/react-router'
import { ChevronDown, ListChecks, Search, X } from 'lucide-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import type { TaskFilter } from '#api/task-filter.ts'
import { PRIORITY_NAMES, STATUS_NAMES } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { useHotkeys } from '#lib/hotkeys.ts'
import { useStore } from '#lib/store.ts'
import { clearSelection, selection, startChoosing } from '../selection.ts'
import { DUE_NAMES, FACETS, SORT_NAMES, type Facet } from './facets.ts'

const FilterMenu = lazy(() => import('./filter-menu.tsx'))

function valueOf(facet: Facet, filter: TaskFilter): string | undefined {
  if (facet === 'Status') {
    return filter.status === 'all'
      ? 'All'
      : filter.status
          ?.split(',')
          .map((status) => STATUS_NAMES[status as keyof typeof STATUS_NAMES])
          .join(', ')
  }
  if (facet === 'Due') return filter.due && DUE_NAMES[filter.due]
  if (facet === 'Priority') {
    return filter.priority
      ?.split(',')
      .map((priority) => PRIORITY_NAMES[priority as keyof typeof PRIORITY_NAMES])
      .join(', ')
  }
  if (facet === 'Label') return filter.label
  return filter.sort && SORT_NAMES[filter.sort]
}

const CHIP =
  'inline-flex h-7 shrink-0 items-center gap-1 rounded-full px-2.5 text-sm whitespace-nowrap transition-colors touch:h-11 touch:px-3.5'

interface FilterBarProps {
  filter: TaskFilter
  facets?: readonly Facet[]
  /** Offers choosing many at once. */
  selectable?: boolean
}

/** Narrows the list or board it stands on; what is chosen is kept in the address. */
export function FilterBar({ filter, facets = FACETS, selectable = true }: FilterBarProps) {
  const navigate = useNavigate()
  const [open, setOpen] = useState<{ facet: Facet; anchor: Element } | null>(null)
  const change = (next: Partial<TaskFilter>) =>
    void navigate({
      to: '.',
      search: ((search: TaskFilter) => ({ ...search, ...next })) as never,
      replace: true,
    })
  const { choosing, ids } = useStore(selection)
  const active = Object.keys(filter).some((name) => name !== 'sort')
  return (
    <div className="@container flex items-center gap-1 max-md:flex-col max-md:items-stretch">
      <SearchField value={filter.q} onChange={(q) => change({ q })} />
      <div className="flex min-w-0 flex-1 items-center gap-1">
        <div
          role="group"
          aria-label="Filters"
          className="-m-1 flex min-w-0 flex-1 items-center gap-0.5 overflow-x-auto p-1 [scrollbar-width:none]"
        >
          {facets.map((facet) => {
            const value = valueOf(facet, filter)
            return (
              <button
                key={facet}
                type="button"
                aria-haspopup="menu"
                aria-expanded={open?.facet === facet}
                className={classes(
                  CHIP,
                  value
                    ? 'bg-accent-wash font-medium text-accent'
                    : 'text-soft hover:bg-hover hover:text-ink',
                )}
                onClick={(event) =>
                  setOpen(open?.facet === facet ? null : { facet, anchor: event.currentTarget })
                }
              >
                <span className="max-w-52 truncate">{value ? `${facet}: ${value}` : facet}</span>
                <ChevronDown size={13} aria-hidden />
              </button>
            )
          })}
          {active ? (
            <button
              type="button"
              className={classes(CHIP, 'text-soft hover:bg-hover hover:text-ink')}
              onClick={() =>
                void navigate({ to: '.', search: (({ task }: { task?: string }) => ({ task })) as never })
              }
            >
              <X size={13} aria-hidden /> Clear
            </button>
          ) : null}
        </div>
        {selectable ? (
          <button
            type="button"
            aria-pressed={choosing || ids.size > 0}
            className={classes(CHIP, 'text-soft hover:bg-hover hover:text-ink')}
            onClick={() => (choosing || ids.size > 0 ? clearSelection() : startChoosing())}
          >
            <ListChecks size={14} aria-hidden />
            <span className="@max-xl:sr-only">Select</span>
          </button>
        ) : null}
      </div>
      <Suspense>
        {open ? (
          <FilterMenu
            key={open.facet}
            facet={open.facet}
            anchor={open.anchor}
            filter={filter}
            change={change}
            onClose={() => setOpen(null)}
          />
        ) : null}
      </Suspense>
    </div>
  )
}

const TYPING_MS = 200

function SearchField({
  value,
  onChange,
}: {
  value: string | undefined
  onChange: (q: string | undefined) => void
}) {
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(value ?? '')
  const sent = useRef(value)
  const send = useRef(onChange)
  useEffect(() => {
    send.current = onChange
  })
  useHotkeys({ search: () => input.current?.focus() })
  useEffect(() => {
    if (value !== sent.current) setText(value ?? '')
    sent.current = value
  }, [value])
  useEffect(() => {
    const q = text.trim() || undefined
    if (q === sent.current) return
    const timer = setTimeout(() => {
      sent.current = q
      send.current(q)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <div className="relative flex items-center md:-ml-2">
      <Search size={14} className="pointer-events-none absolute left-2.5 text-soft" aria-hidden />
      <input
        ref={input}
        type="search"
        aria-label="Search in this list"
        placeholder="Search"
        className="h-7 w-28 rounded-full bg-transparent pr-2 pl-8 text-sm transition-[width,background-color] hover:bg-hover focus:w-44 focus:bg-hover not-placeholder-shown:w-44 touch:h-11 touch:text-lg max-md:w-full max-md:bg-hover max-md:focus:w-full"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          event.preventDefault()
          if (text) setText('')
          else input.current?.blur()
        }}
      />
    </div>
  )
}
