import type { ReactNode } from 'react'
import { classes } from '#lib/classes.ts'

const COLUMNS = { 2: '', 3: 'md:grid-cols-3', 4: 'lg:grid-cols-4', 5: 'md:grid-cols-5' }

/** Numbers side by side, each a `Figure`. */
export function Figures({ columns, children }: { columns: keyof typeof COLUMNS; children: ReactNode }) {
  return (
    <dl
      className={classes(
        'grid grid-cols-2 gap-px overflow-hidden rounded-xl bg-line shadow-sheet',
        COLUMNS[columns],
      )}
    >
      {children}
    </dl>
  )
}

interface FigureProps {
  name: string
  value: ReactNode
  /** What it means, when its name cannot say that. */
  note?: string
  urgent?: boolean
  /** On a phone as wide as two. */
  wide?: boolean
}

export function Figure({ name, value, note, urgent, wide }: FigureProps) {
  return (
    <div
      className={classes(
        'flex flex-col-reverse justify-end gap-0.5 bg-sheet px-5 py-4 md:max-lg:px-4',
        wide && 'max-md:col-span-2',
      )}
    >
      <dt className="text-sm text-soft">
        {name}
        {note ? <span className="mt-0.5 block text-xs">{note}</span> : null}
      </dt>
      <dd
        className={classes(
          'text-[1.75rem] leading-9 font-semibold tracking-tight whitespace-nowrap tabular-nums md:max-lg:text-2xl md:max-lg:leading-9',
          urgent && 'text-danger',
        )}
      >
        {value}
      </dd>
    </div>
  )
}
