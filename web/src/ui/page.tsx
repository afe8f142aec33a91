import { Menu } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import { openOverlay } from '#lib/overlay.ts'
import { classes } from '#lib/classes.ts'
import { IconButton } from './button.tsx'

/** Sets the browser's title; assistive technology reads it out when the page changes. */
export function usePageTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Duly`
  }, [title])
}

interface PageHeaderProps {
  title: string
  note?: ReactNode
  actions?: ReactNode
}

/** A page's name and its actions. On a phone it also holds the way to the navigation. */
export function PageHeader({ title, note, actions }: PageHeaderProps) {
  usePageTitle(title)
  return (
    <header className="flex min-h-10 items-start gap-2">
      <IconButton
        label="Open navigation"
        icon={<Menu size={20} aria-hidden />}
        className="-ml-3 md:hidden"
        aria-haspopup="dialog"
        onClick={() => openOverlay('navigation')}
      />
      <div className="min-w-0 flex-1 max-md:pt-2">
        <h1 className="truncate text-xl font-semibold tracking-tight">{title}</h1>
        {note ? <p className="mt-0.5 text-sm text-soft">{note}</p> : null}
      </div>
      {actions ? <div className="flex items-center gap-1">{actions}</div> : null}
    </header>
  )
}

/** A page that scrolls as one, for everything that is not a virtual list. */
export function ScrollPage({ children, wide = false }: { children: ReactNode; wide?: boolean }) {
  return (
    <div className="h-full overflow-y-auto" data-scroll>
      <div
        className={classes(
          'mx-auto flex flex-col gap-6 px-4 pt-3 pb-24 md:px-8 md:pt-7',
          wide ? 'max-w-5xl' : 'max-w-3xl',
        )}
      >
        {children}
      </div>
    </div>
  )
}
