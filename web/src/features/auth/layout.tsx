import type { ReactNode } from 'react'
import { Brand } from '#ui/brand.tsx'
import { usePageTitle } from '#ui/page.tsx'

/** The quiet frame around everything one does before being signed in. */
export function AuthPage({
  title,
  lead,
  children,
}: {
  title: string
  lead?: ReactNode
  children: ReactNode
}) {
  usePageTitle(title)
  return (
    <div className="h-full overflow-y-auto bg-canvas">
      <main className="mx-auto flex min-h-full w-full max-w-104 flex-col justify-center gap-6 px-4 py-10">
        <div className="flex justify-center text-lg">
          <Brand />
        </div>
        <div className="flex flex-col gap-5 rounded-xl bg-sheet p-6 shadow-sheet sm:p-8 forced-colors:border">
          <div>
            <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
            {lead ? <p className="mt-1 text-base text-soft">{lead}</p> : null}
          </div>
          {children}
        </div>
      </main>
    </div>
  )
}

export const LINK = 'font-medium text-accent underline-offset-2 hover:underline'
