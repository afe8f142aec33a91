import { useId, type ReactNode } from 'react'

interface SectionProps {
  title: string
  note?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

export function Section({ title, note, actions, children }: SectionProps) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="flex items-start justify-between gap-4">
        <div>
          <h2 id={id} className="text-base font-semibold">
            {title}
          </h2>
          {note ? <p className="mt-0.5 text-sm text-soft">{note}</p> : null}
        </div>
        {actions}
      </div>
      {children}
    </section>
  )
}
