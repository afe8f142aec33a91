import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { classes } from '#lib/classes.ts'
import type { JobFilter } from './job-filter.ts'

interface JobsLinkProps {
  filter: Partial<JobFilter>
  label?: string
  className?: string
  children: ReactNode
}

/** Leads to the jobs a filter shows. */
export function JobsLink({ filter, label, className, children }: JobsLinkProps) {
  return (
    <Link
      to="/admin/jobs"
      search={filter as never}
      aria-label={label}
      className={classes('underline-offset-4 hover:underline', className)}
    >
      {children}
    </Link>
  )
}

/** Leads to one job. */
export function JobLink({
  id,
  className,
  children,
}: {
  id: string
  className?: string
  children: ReactNode
}) {
  return (
    <Link
      to="/admin/jobs/$id"
      params={{ id }}
      className={classes('underline-offset-4 hover:underline', className)}
    >
      {children}
    </Link>
  )
}
