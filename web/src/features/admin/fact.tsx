import type { ReactNode } from 'react'

/** What is known of something, in a `<dl>`. */
export function Fact({ name, wide, children }: { name: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={wide ? 'col-span-2' : undefined}>
      <dt className="text-xs text-soft">{name}</dt>
      <dd className="text-base tabular-nums [overflow-wrap:anywhere]">{children}</dd>
    </div>
  )
}
