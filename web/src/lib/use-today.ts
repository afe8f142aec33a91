import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { accountQuery } from '#api/queries.ts'
import { todayIn } from './dates.ts'

const CHECK_MS = 60_000

/** The account's time zone and today in it; a page left open overnight moves on by itself. */
export function useToday() {
  const { data: account } = useQuery(accountQuery)
  const zone = account?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  const [today, setToday] = useState(() => todayIn(zone))
  useEffect(() => {
    const look = () => setToday(todayIn(zone))
    look()
    const timer = setInterval(look, CHECK_MS)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }, [zone])
  return today
}
