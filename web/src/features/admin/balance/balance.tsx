import { useQuery } from '@tanstack/react-query'
import { Scale } from 'lucide-react'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { Outdated } from '../alarm.tsx'
import { balanceSettingsQuery } from '../queue/queries.ts'
import { LimitsSection } from './limits-section.tsx'
import { WhatIf } from './what-if.tsx'

/** What queues may have, and what would have been with other settings. */
export function BalancePage() {
  const { data, isError, error, refetch, dataUpdatedAt } = useQuery(balanceSettingsQuery)
  if (!data) {
    return isError ? (
      <ErrorState error={error} retry={() => void refetch()} />
    ) : (
      <Waiting what="the settings" />
    )
  }
  return (
    <>
      {isError ? <Outdated error={error} since={dataUpdatedAt} /> : null}
      {data.data.length === 0 ? (
        <EmptyState icon={<Scale size={28} aria-hidden />} title="No queues are known yet">
          They are once a worker has started.
        </EmptyState>
      ) : (
        <>
          <LimitsSection settings={data} />
          <WhatIf settings={data.data} />
        </>
      )}
    </>
  )
}
