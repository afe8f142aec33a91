import { useQuery } from '@tanstack/react-query'
import { labelsQuery } from '#api/queries.ts'
import { sortOf, statusesOf, type Due, type Sort, type TaskFilter } from '#api/task-filter.ts'
import { PRIORITIES, PRIORITY_NAMES, STATUS_NAMES, STATUSES } from '#api/types.ts'
import AnchoredMenu, { type MenuEntry } from '#ui/menu.tsx'
import { DUE_NAMES, SORT_NAMES, type Facet } from './facets.ts'

/** Adds or removes one value of a comma-separated choice. */
function toggled(text: string | undefined, value: string): string | undefined {
  const parts = text ? text.split(',') : []
  const next = parts.includes(value) ? parts.filter((part) => part !== value) : [...parts, value]
  return next.length > 0 ? next.join(',') : undefined
}

type Change = (next: Partial<TaskFilter>) => void

function useEntries(filter: TaskFilter, change: Change) {
  const { data: labels } = useQuery(labelsQuery)
  const statuses = statusesOf(filter) ?? STATUSES
  return (facet: Facet): MenuEntry[] => {
    if (facet === 'Status') {
      return [
        ...STATUSES.map((status) => ({
          label: STATUS_NAMES[status],
          checked: statuses.includes(status),
          run: () => {
            const next = STATUSES.filter((one) => statuses.includes(one) !== (one === status)).join(',')
            const all = next === STATUSES.join(',')
            change({ status: all ? 'all' : next === 'pending,in_progress' || next === '' ? undefined : next })
          },
        })),
        {
          label: 'All',
          apart: true,
          checked: filter.status === 'all',
          closes: true,
          run: () => change({ status: 'all' }),
        },
      ]
    }
    if (facet === 'Due') {
      return Object.entries(DUE_NAMES).map(([due, label]) => ({
        label,
        checked: filter.due === due,
        closes: true,
        run: () => change({ due: filter.due === due ? undefined : (due as Due) }),
      }))
    }
    if (facet === 'Priority') {
      return PRIORITIES.map((priority) => ({
        label: PRIORITY_NAMES[priority],
        checked: filter.priority?.split(',').includes(priority) ?? false,
        run: () => change({ priority: toggled(filter.priority, priority) }),
      }))
    }
    if (facet === 'Label') {
      return (labels?.data ?? []).map(({ name }) => ({
        label: name,
        checked: filter.label === name,
        closes: true,
        run: () => change({ label: filter.label === name ? undefined : name }),
      }))
    }
    return Object.entries(SORT_NAMES).map(([sort, label]) => ({
      label,
      checked: sortOf(filter) === sort,
      closes: true,
      run: () => change({ sort: sort as Sort }),
    }))
  }
}

interface FilterMenuProps {
  facet: Facet
  anchor: Element
  filter: TaskFilter
  change: Change
  onClose: () => void
}

/** The choices of one facet. Loaded when first opened. */
export default function FilterMenu({ facet, anchor, filter, change, onClose }: FilterMenuProps) {
  const entries = useEntries(filter, change)
  return <AnchoredMenu anchor={anchor} label={facet} entries={entries(facet)} onClose={onClose} />
}
