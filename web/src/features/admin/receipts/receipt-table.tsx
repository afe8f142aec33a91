import { ChevronRight } from 'lucide-react'
import { Fragment, useId, useRef, useState } from 'react'
import { accountToday, accountZone } from '#api/queries.ts'
import type { Receipt } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { sayMoment } from '#lib/dates.ts'
import { ONE_COLUMN, useMedia } from '#lib/use-media.ts'
import { Badge } from '../badge.tsx'
import { Fact } from '../fact.tsx'
import { JobsLink } from '../queue/jobs-link.tsx'
import { useRows } from '../queue/use-rows.ts'
import { sayMeasured, sayTime } from '../queue/words.ts'
import { badgeOf, jobStateOf, KINDS, sayPromised } from './words.ts'

const HEAD = 'py-2 text-left text-xs font-medium whitespace-nowrap text-soft'
const CELL = 'py-2 pl-4 align-top tabular-nums whitespace-nowrap'
/** So much later than promised is late. */
const LATE_MS = 60_000

export function ReceiptTable({ receipts }: { receipts: Receipt[] }) {
  const root = useRef<HTMLTableElement>(null)
  // What there is no room for stands in the details, too.
  const isNarrow = useMedia(ONE_COLUMN)
  useRows(
    root,
    receipts.map(({ id }) => id),
  )
  return (
    <table ref={root} className="w-full table-fixed text-sm">
      <thead>
        <tr className="border-b border-line">
          <th scope="col" className={HEAD}>
            Reminder
          </th>
          <th scope="col" className={classes(HEAD, 'w-28 pl-4')}>
            State
          </th>
          {isNarrow ? null : (
            <>
              <th scope="col" className={classes(HEAD, 'w-32 pl-4')}>
                Promised for
              </th>
              <th scope="col" className={classes(HEAD, 'w-40 pl-4')}>
                Sent
              </th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {receipts.map((receipt) => (
          <Rows key={receipt.id} receipt={receipt} isNarrow={isNarrow} />
        ))}
      </tbody>
    </table>
  )
}

function Rows({ receipt, isNarrow }: { receipt: Receipt; isNarrow: boolean }) {
  const { id, kind, user_email: email, slot, sent_at: sent, late_ms: late, reason } = receipt
  const [open, setOpen] = useState(false)
  const details = useId()
  return (
    <Fragment>
      <tr data-row={id} className={classes('border-line', !open && 'border-b')}>
        <th scope="row" className="font-normal">
          <button
            type="button"
            aria-expanded={open}
            aria-controls={details}
            className="flex min-h-11 w-full min-w-0 items-start gap-1.5 rounded-md py-1.5 text-left hover:bg-hover"
            onClick={() => setOpen(!open)}
          >
            <ChevronRight
              size={14}
              aria-hidden
              className={classes(
                'mt-[3px] shrink-0 text-soft transition-transform duration-100',
                open && 'rotate-90',
              )}
            />
            <span className="min-w-0">
              <span className="block truncate text-base">
                <span className="font-medium">{KINDS[kind]}</span>{' '}
                <span className="truncate text-soft max-lg:block max-lg:text-sm">{email}</span>
              </span>
              {reason && !open ? <span className="block truncate text-xs text-soft">{reason}</span> : null}
            </span>
          </button>
        </th>
        <td className={CELL}>
          <Badge text={badgeOf(receipt)} />
        </td>
        {isNarrow ? null : (
          <>
            <td className={CELL}>{sayPromised(slot, accountToday())}</td>
            <td className={CELL}>
              {sent ? <Moment at={sent} /> : '–'}
              {late !== null && late >= LATE_MS ? (
                <span className="block text-xs text-danger">{sayTime(late)} late</span>
              ) : null}
            </td>
          </>
        )}
      </tr>
      <tr id={details} hidden={!open} className="border-b border-line">
        <td colSpan={isNarrow ? 2 : 4} className="pt-1 pb-4 pl-5">
          {open ? <Details receipt={receipt} /> : null}
        </td>
      </tr>
    </Fragment>
  )
}

const Moment = ({ at }: { at: string }) => <time dateTime={at}>{sayMoment(at, accountZone())}</time>

function Details({ receipt }: { receipt: Receipt }) {
  const { id, user_email: email, user_id: user, task_id: task, message_id: message, reason } = receipt
  return (
    <dl className="grid grid-cols-2 gap-x-6 gap-y-3 md:grid-cols-4">
      <Fact name="Promised for">{sayPromised(receipt.slot, accountToday())}</Fact>
      <Fact name="Planned">
        <Moment at={receipt.planned_at} />
      </Fact>
      <Fact name="Sent">{receipt.sent_at ? <Moment at={receipt.sent_at} /> : '–'}</Fact>
      <Fact name="Late">{sayMeasured(receipt.late_ms)}</Fact>
      {reason ? (
        <div className="col-span-2 md:col-span-4">
          <dt className="text-xs text-soft">Reason</dt>
          <dd className="[overflow-wrap:anywhere]">{reason}</dd>
        </div>
      ) : null}
      <Fact name="Attempts">{receipt.attempts}</Fact>
      <Fact name="Job">
        <JobsLink filter={{ state: jobStateOf(receipt), text: id }} className="text-accent">
          Look for it
        </JobsLink>
      </Fact>
      <Fact name="Person" wide>
        {email}
        <Code>{user}</Code>
      </Fact>
      {task ? (
        <Fact name="Task" wide>
          <Code>{task}</Code>
        </Fact>
      ) : null}
      {message ? (
        <Fact name="Message-ID" wide>
          <Code>{message}</Code>
        </Fact>
      ) : null}
    </dl>
  )
}

const Code = ({ children }: { children: string }) => (
  <code className="block font-mono text-xs [overflow-wrap:anywhere]">{children}</code>
)
