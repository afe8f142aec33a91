import { ApiError, api } from '../api/client.ts'

/** No page tells of more: what goes wrong again and again is known after the first time. */
const MOST = 5

interface PageError {
  kind: string
  message: string
  screen: string
  stack?: string
}

/** An error as the server wants to hear of it. */
export function described(error: unknown, screen: string): PageError {
  const known = error instanceof Error ? error : new Error(String(error))
  return {
    kind: known.name.slice(0, 100) || 'Error',
    message: known.message.slice(0, 1000) || 'without a message',
    screen,
    ...(known.stack && { stack: known.stack.slice(0, 8000) }),
  }
}

/**
 * Tells the server of errors nobody expected, each once. `screen` says where somebody is, or nothing when they are not
 * logged in. Answers what tells of an error that was caught.
 */
export function reportErrors(screen: () => string | undefined) {
  const told = new Set<string>()
  const report = (error: unknown) => {
    const where = screen()
    // What the server refused it knows of itself.
    if (!where || error instanceof ApiError) return
    const body = described(error, where)
    const key = `${body.kind} ${body.message}`
    if (told.size >= MOST || told.has(key)) return
    told.add(key)
    // Whether that works changes nothing for whoever uses the page.
    void api.POST('/api/v1/page-errors', { body, keepalive: true }).catch(() => {})
  }
  addEventListener('error', (event) => report(event.error ?? event.message))
  addEventListener('unhandledrejection', (event) => report(event.reason))
  return report
}
