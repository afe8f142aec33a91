import { useId } from 'react'
import { classes } from '#lib/classes.ts'

interface ChoiceProps {
  label: string
  /** What it says when nothing is chosen. */
  all: string
  value: string | undefined
  options: readonly string[]
  /** How options are called, where that is another word. */
  names?: Readonly<Record<string, string>>
  onChange: (value: string | undefined) => void
}

/** Narrows to one of a few, or to none of them. What the address names is offered even if nobody knows it. */
export function Choice({ label, all, value, options, names, onChange }: ChoiceProps) {
  const id = useId()
  const offered = value && !options.includes(value) ? [value, ...options] : options
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <select
        id={id}
        className={classes(
          'h-8 max-w-52 rounded-md border px-2 text-sm touch:h-11',
          value
            ? 'border-accent bg-accent-wash font-medium text-accent'
            : 'border-line bg-raised text-ink hover:bg-hover',
        )}
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value || undefined)}
      >
        <option value="">{all}</option>
        {offered.map((option) => (
          <option key={option} value={option}>
            {names?.[option] ?? option}
          </option>
        ))}
      </select>
    </div>
  )
}
