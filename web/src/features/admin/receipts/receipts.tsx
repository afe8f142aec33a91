import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { MailCheck, X } from 'lucide-react'
import { sayError } from '#api/client.ts'
import { Button } from '#ui/button.tsx'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { Alarm } from '../alarm.tsx'
import { Choice } from '../queue/choice.tsx'
import { More } from '../queue/more.tsx'
import { receiptsQuery } from '../queue/queries.ts'
import { Typed } from '../queue/typed.tsx'
import { parseReceiptFilter, RECEIPT_STATES, type ReceiptFilter } from './receipt-filter.ts'
import { ReceiptTable } from './receipt-table.tsx'
import { RECEIPT_STATE_NAMES } from './words.ts'

/** What people were promised to be told, and what became of it. */
export function ReceiptsPage() {
  const filter = parseReceiptFilter(useSearch({ strict: false }))
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <Filters filter={filter} />
      <List key={JSON.stringify(filter)} filter={filter} />
    </div>
  )
}

function Filters({ filter }: { filter: ReceiptFilter }) {
  const navigate = useNavigate()
  const show = (search: { [Name in keyof ReceiptFilter]: string | undefined }) =>
    void navigate({ to: '/admin/queues/receipts', search: search as never, replace: true })
  return (
    <div role="group" aria-label="Filters" className="flex flex-wrap items-center gap-2">
      <Typed
        label="E-mail of a person"
        value={filter.user}
        onChange={(user) => show({ ...filter, user })}
        search
      />
      <Choice
        label="State"
        all="All states"
        value={filter.state}
        options={RECEIPT_STATES}
        names={RECEIPT_STATE_NAMES}
        onChange={(state) => show({ ...filter, state })}
      />
      {filter.user || filter.state ? (
        <Button look="quiet" onClick={() => show({})}>
          <X size={13} aria-hidden /> Clear
        </Button>
      ) : null}
    </div>
  )
}

function List({ filter }: { filter: ReceiptFilter }) {
  const list = useInfiniteQuery(receiptsQuery(filter))
  if (list.isPending) return <Waiting what="the receipts" />
  if (list.isError && !list.data) return <ErrorState error={list.error} retry={() => void list.refetch()} />
  const receipts = list.data.pages.flatMap((page) => page.data)
  return (
    <>
      {list.isError ? <Alarm>{sayError(list.error)}. This is how it was before.</Alarm> : null}
      {receipts.length === 0 ? (
        <Nothing filter={filter} />
      ) : (
        <>
          <ReceiptTable receipts={receipts} />
          <More list={list} />
        </>
      )}
    </>
  )
}

function Nothing({ filter: { user, state } }: { filter: ReceiptFilter }) {
  const isNarrowed = user !== undefined || state !== undefined
  return (
    <EmptyState
      icon={<MailCheck size={28} aria-hidden />}
      title={isNarrowed ? 'No reminder matches' : 'Nobody was promised a reminder yet'}
    >
      {user
        ? 'The whole address has to be given.'
        : state
          ? 'Try another state.'
          : 'Each reminder is written down here before it is sent.'}
    </EmptyState>
  )
}
