import { Outlet, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import { PickerHost } from '#features/tasks/picker/host.tsx'
import { Shell } from '#features/shell/shell.tsx'
import { overlay } from '#lib/overlay.ts'
import { useStore } from '#lib/store.ts'
import { Prompt } from '#ui/prompt.tsx'

const QuickAddBody = lazy(() => import('#features/tasks/quick-add/body.tsx'))
const Results = lazy(() => import('#features/palette/results.tsx'))
const TaskPanel = lazy(() => import('#features/tasks/panel/panel.tsx'))
const HelpSheet = lazy(() => import('#features/help/sheet.tsx'))
// Nobody asked for it: when it cannot be had, nothing is missed.
const AlarmCount = lazy(() =>
  import('#features/admin/queue/alarm-count.tsx').catch(() => ({ default: () => null })),
)

const IDLE_MS = 1200

/** Fetches what is not needed for the first view while the person looks at it. */
function usePrefetch() {
  useEffect(() => {
    const timer = setTimeout(() => {
      void Promise.allSettled([
        import('#features/tasks/panel/panel.tsx'),
        import('#features/tasks/picker/picker.tsx'),
        import('#features/palette/results.tsx'),
        import('#features/tasks/quick-add/body.tsx'),
        import('#ui/menu.tsx'),
      ])
    }, IDLE_MS)
    return () => clearTimeout(timer)
  }, [])
}

/** Shows what is changed elsewhere, as soon as the first view stands. */
function useLive() {
  useEffect(() => {
    let stop: (() => void) | 'left' | undefined
    const timer = setTimeout(() => {
      void import('#api/live/live.ts').then(({ startLive }) => {
        if (stop !== 'left') stop = startLive()
      })
    }, IDLE_MS)
    return () => {
      clearTimeout(timer)
      if (typeof stop === 'function') stop()
      stop = 'left'
    }
  }, [])
}

/** Puts the features together: the one place that knows them all. */
export function Application() {
  const { task } = useSearch({ from: '/_app' })
  const open = useStore(overlay)
  usePrefetch()
  useLive()
  return (
    <>
      <Shell
        asideOpen={task !== undefined}
        aside={<Suspense>{task ? <TaskPanel id={task} key={task} /> : null}</Suspense>}
        alarms={
          <Suspense>
            <AlarmCount />
          </Suspense>
        }
      >
        <Outlet />
      </Shell>
      {open === 'quick-add' ? (
        <Prompt label="New task" placeholder="What needs doing?" Body={QuickAddBody} />
      ) : null}
      {open === 'palette' ? (
        <Prompt
          label="Search or jump to"
          placeholder="Search tasks, go somewhere, do something"
          combobox
          Body={Results}
        />
      ) : null}
      <Suspense>{open === 'help' ? <HelpSheet /> : null}</Suspense>
      <PickerHost />
    </>
  )
}
