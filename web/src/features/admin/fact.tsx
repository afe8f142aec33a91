import type { ReactNode } from 'react'

interface FactProps {
  name: string
  /** As wide as two, or as all there is. */
  wide?: boolean | 'full'
  children: ReactNode
}

/** What is known of something, in a `<dl>`. */
export function Fact({ name, wide, children }: FactProps) {
  return (
    <div className={wide === 'full' ? 'col-span-full' : wide ? 'col-span-2' : undefined}>
      <dt className="text-xs text-soft">{name}</dt>
      <dd className="text-base tabular-nums [overflow-wrap:anywhere]">{children}</dd>
    </div>
  )
}
