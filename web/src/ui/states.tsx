import { CloudOff } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { sayError } from '#api/client.ts'
import { Button } from './button.tsx'

/** What to show instead of nothing: what is so, and what to do next. */
export function EmptyState({
  icon,
  title,
  children,
}: {
  icon?: ReactNode
  title: string
  children?: ReactNode
}) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-16 text-center">
      {icon ? <span className="mb-2 text-soft">{icon}</span> : null}
      <p className="text-lg font-medium">{title}</p>
      {children ? <div className="max-w-96 text-base text-soft">{children}</div> : null}
    </div>
  )
}

export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-center gap-3 px-6 py-16 text-center">
      <CloudOff size={28} className="text-soft" aria-hidden />
      <p className="text-lg font-medium">This could not be loaded</p>
      <p className="text-base text-soft">{sayError(error)}.</p>
      {retry ? <Button onClick={retry}>Try again</Button> : null}
    </div>
  )
}

const PATIENCE_MS = 300

/** Says that something is on its way, but only once waiting has become noticeable. */
export function Waiting({ what }: { what: string }) {
  const [noticed, setNoticed] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setNoticed(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <p role="status" className="px-6 py-16 text-center text-base text-soft">
      {noticed ? `Loading ${what}…` : ''}
    </p>
  )
}
