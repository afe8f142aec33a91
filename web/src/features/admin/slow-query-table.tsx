import { ChevronRight } from 'lucide-react'
import { Fragment, useId, useState } from 'react'
import type { SlowQuery } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { sayAgo } from '#lib/dates.ts'
import { SlowQueryDetails } from './slow-query-details.tsx'
import { sayCount, sayDuration } from './words.ts'

const HEAD = 'py-2 pl-3 text-right text-xs font-medium whitespace-nowrap text-soft'
const NUMBER = 'py-2 pl-3 text-right tabular-nums whitespace-nowrap'
/** What a phone has no room for stands in the details, too. */
const ROOMY = 'max-md:hidden'

export function SlowQueryTable({ queries }: { queries: SlowQuery[] }) {
  return (
    <table className="w-full table-fixed text-sm">
      <thead>
        <tr className="border-b border-line">
          <th scope="col" className="py-2 text-left text-xs font-medium text-soft">
            Statement
          </th>
          <th scope="col" className={classes(HEAD, 'w-16')}>
            Times
          </th>
          <th scope="col" className={classes(HEAD, 'w-24')}>
            In all
          </th>
          <th scope="col" className={classes(HEAD, 'w-24', ROOMY)}>
            Average
          </th>
          <th scope="col" className={classes(HEAD, 'w-24', ROOMY)}>
            Slowest
          </th>
          <th scope="col" className={classes(HEAD, 'w-32', ROOMY)}>
            Last seen
          </th>
        </tr>
      </thead>
      <tbody>
        {queries.map((query) => (
          <Rows key={query.id} query={query} />
        ))}
      </tbody>
    </table>
  )
}

function Rows({ query }: { query: SlowQuery }) {
  const [open, setOpen] = useState(false)
  const details = useId()
  return (
    <Fragment>
      <tr className={classes('border-line', !open && 'border-b')}>
        <th scope="row" className="font-normal">
          <button
            type="button"
            aria-expanded={open}
            aria-controls={details}
            className="flex h-9 w-full min-w-0 items-center gap-1.5 rounded-md text-left hover:bg-hover touch:h-11"
            onClick={() => setOpen(!open)}
          >
            <ChevronRight
              size={14}
              aria-hidden
              className={classes('shrink-0 text-soft transition-transform duration-100', open && 'rotate-90')}
            />
            <code className="truncate font-mono text-xs">{query.text}</code>
          </button>
        </th>
        <td className={NUMBER}>{sayCount(query.count)}</td>
        <td className={NUMBER}>{sayDuration(query.total_us)}</td>
        <td className={classes(NUMBER, ROOMY)}>{sayDuration(query.mean_us)}</td>
        <td className={classes(NUMBER, ROOMY)}>{sayDuration(query.worst.duration_us)}</td>
        <td className={classes(NUMBER, ROOMY)}>{sayAgo(query.last_seen_at)}</td>
      </tr>
      <tr id={details} hidden={!open} className="border-b border-line">
        <td colSpan={6} className="pb-4">
          {open ? <SlowQueryDetails query={query} /> : null}
        </td>
      </tr>
    </Fragment>
  )
}
