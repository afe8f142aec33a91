import type { ComponentProps, ReactNode } from 'react'
import { classes } from '#lib/classes.ts'

const LOOKS = {
  primary: 'bg-accent text-accent-ink hover:brightness-110 active:brightness-95 font-medium',
  plain: 'border border-line bg-raised hover:bg-hover font-medium',
  quiet: 'text-soft hover:bg-hover hover:text-ink',
  danger: 'text-danger border border-line bg-raised hover:bg-danger-wash font-medium',
}

interface ButtonProps extends ComponentProps<'button'> {
  look?: keyof typeof LOOKS
  /** Shown instead of acting twice. */
  busy?: boolean
}

export function Button({
  look = 'plain',
  busy = false,
  className,
  disabled,
  type = 'button',
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={classes(
        'inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-md px-3 text-sm transition-[background-color,filter] duration-100 disabled:opacity-55 touch:h-11 touch:px-4',
        LOOKS[look],
        className,
      )}
      {...rest}
    />
  )
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  label: string
  icon: ReactNode
}

export function IconButton({ label, icon, className, type = 'button', ...rest }: IconButtonProps) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={classes(
        'grid size-8 shrink-0 place-items-center rounded-md text-soft transition-colors duration-100 hover:bg-hover hover:text-ink touch:size-11',
        className,
      )}
      {...rest}
    >
      {icon}
    </button>
  )
}
