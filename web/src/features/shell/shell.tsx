import { useQuery } from '@tanstack/react-query'
import { useNavigate, useRouterState } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useEffect, useSyncExternalStore, type ReactNode } from 'react'
import { answer, api } from '#api/client.ts'
import { accountQuery } from '#api/queries.ts'
import { classes } from '#lib/classes.ts'
import { useHotkeys } from '#lib/hotkeys.ts'
import { closeOverlay, openOverlay, overlay } from '#lib/overlay.ts'
import { useStore } from '#lib/store.ts'
import { say } from '#lib/toasts.ts'
import { takeBackLast } from '#lib/undo.ts'
import { ONE_COLUMN, useMedia } from '#lib/use-media.ts'
import { Modal } from '#ui/modal.tsx'
import { Sidebar } from './sidebar.tsx'

function useShellKeys() {
  const navigate = useNavigate()
  useHotkeys({
    palette: () => (overlay.get() === 'palette' ? closeOverlay() : openOverlay('palette')),
    add: () => openOverlay('quick-add'),
    help: () => openOverlay('help'),
    undo: () => {
      const entry = takeBackLast()
      say(entry ? `Undone: ${entry.said}` : 'Nothing to undo')
    },
    goInbox: () => void navigate({ to: '/', search: {} }),
    goToday: () => void navigate({ to: '/', search: { due: 'today' } }),
    goUpcoming: () => void navigate({ to: '/', search: { due: 'week' } }),
    goOverdue: () => void navigate({ to: '/', search: { due: 'overdue' } }),
    goCompleted: () => void navigate({ to: '/', search: { status: 'completed' } }),
    goBoard: () => void navigate({ to: '/board' }),
    goStatistics: () => void navigate({ to: '/statistics' }),
    goTrash: () => void navigate({ to: '/trash' }),
    goSettings: () => void navigate({ to: '/settings' }),
  })
}

interface ShellProps {
  children: ReactNode
  /** The open task, beside the page on a wide screen and over it on a narrow one. */
  aside: ReactNode
  asideOpen: boolean
  /** How much is wrong with the server, for administrators. */
  alarms: ReactNode
}

export function Shell({ children, aside, asideOpen, alarms }: ShellProps) {
  useShellKeys()
  const open = useStore(overlay)
  // On a narrow screen the task covers the page, which then must not be reachable behind it.
  const covered = useMedia(ONE_COLUMN) && asideOpen
  const href = useRouterState({ select: (state) => state.location.href })
  useEffect(() => {
    if (overlay.get() === 'navigation') closeOverlay()
  }, [href])
  return (
    <div className="flex h-full flex-col bg-canvas">
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-accent-ink focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <Banners />
      <div className="flex min-h-0 flex-1">
        <div className="hidden w-60 shrink-0 md:block" inert={covered}>
          <Sidebar alarms={alarms} />
        </div>
        <main
          id="content"
          tabIndex={-1}
          inert={covered}
          className="relative min-w-0 flex-1 overflow-hidden bg-sheet outline-none md:my-2 md:mr-2 md:rounded-xl md:shadow-sheet forced-colors:border"
        >
          {children}
        </main>
        {aside}
      </div>
      <button
        type="button"
        aria-label="Add task"
        inert={covered}
        className="fixed right-4 bottom-4 z-10 grid size-14 place-items-center rounded-2xl bg-accent text-accent-ink shadow-float md:hidden"
        onClick={() => openOverlay('quick-add')}
      >
        <Plus size={24} aria-hidden />
      </button>
      {open === 'navigation' ? (
        <Modal
          label="Navigation"
          onClose={closeOverlay}
          className="mr-auto ml-0 h-dvh w-72 animate-slide rounded-l-none"
        >
          <Sidebar alarms={alarms} />
        </Modal>
      ) : null}
    </div>
  )
}

const watchOnline = (listener: () => void) => {
  addEventListener('online', listener)
  addEventListener('offline', listener)
  return () => {
    removeEventListener('online', listener)
    removeEventListener('offline', listener)
  }
}

const BANNER = 'flex flex-wrap items-center justify-center gap-x-3 gap-y-1 px-4 py-1.5 text-center text-sm'

function Banners() {
  const online = useSyncExternalStore(watchOnline, () => navigator.onLine)
  const { data: account } = useQuery(accountQuery)
  if (!online) {
    return (
      <section
        aria-label="Notice"
        aria-live="polite"
        className={classes(BANNER, 'bg-danger-wash text-danger')}
      >
        You are offline. Changes you make are sent when the connection is back.
      </section>
    )
  }
  if (account && !account.email_confirmed) {
    return (
      <section aria-label="Notice" className={classes(BANNER, 'text-soft')}>
        <span>Confirm {account.email} so that reminders reach you.</span>
        <button
          type="button"
          className="font-medium text-accent underline-offset-2 hover:underline touch:min-h-11"
          onClick={() =>
            void answer(api.POST('/api/v1/email/resend')).then(
              () => say('The mail is on its way'),
              () => say('The mail could not be sent. Try again later', { tone: 'danger' }),
            )
          }
        >
          Send the mail again
        </button>
      </section>
    )
  }
  return null
}
