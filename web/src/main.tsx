import './app.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRouter, RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { whenSignedOut } from './api/client.ts'
import { accountQuery, queryClient, seedFromBoot } from './api/queries.ts'
import { signedOut } from './api/session.ts'
import { reportErrors } from './lib/page-errors.ts'
import { watchTheme } from './lib/preferences.ts'
import { routeTree } from './routeTree.gen.ts'
import { ErrorState, Waiting } from './ui/states.tsx'

seedFromBoot()
watchTheme()

const report = reportErrors(() =>
  queryClient.getQueryData(accountQuery.queryKey) ? router.state.matches.at(-1)?.routeId : undefined,
)

const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  // Plain strings: the default would read a token made of digits as a number.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(
      Object.entries(search).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    ).toString()
    return text ? `?${text.replaceAll('%2C', ',')}` : ''
  },
  defaultPendingComponent: () => <Waiting what="the page" />,
  defaultOnCatch: report,
  defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} retry={reset} />,
  defaultNotFoundComponent: () => <ErrorState error={new Error('There is no such page')} />,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

whenSignedOut(() => {
  if (!queryClient.getQueryData(accountQuery.queryKey)) return
  const next = router.state.location.href
  signedOut()
  void router.navigate({ to: '/login', search: { next } })
})

// After a new release an old tab asks for files that are gone: load the new page once.
addEventListener('vite:preloadError', (event) => {
  // Offline, or with changes on their way, loading anew would lose more than it mends.
  if (!navigator.onLine || queryClient.isMutating() > 0) return
  if (sessionStorage.getItem('duly.reloaded') === import.meta.url) return
  event.preventDefault()
  sessionStorage.setItem('duly.reloaded', import.meta.url)
  location.reload()
})

// Changes made offline live in this page until they are sent.
addEventListener('beforeunload', (event) => {
  const mutations = queryClient.getMutationCache().getAll()
  if (mutations.some((mutation) => mutation.state.isPaused)) event.preventDefault()
})

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  )
}
