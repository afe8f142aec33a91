import type { EventData } from '../types.ts'
import type { Message } from './messages.ts'

const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000

interface Ears {
  /** The version that is known, to be told what came after it. */
  known: () => number | undefined
  hear: (message: Message) => void
  /** The server refuses, or cannot be reached in a way the browser would mend by itself. */
  refused: () => void
}

/**
 * Listens to the server until the answer is called. When the stream breaks, the browser opens it
 * again and names the last event; when the server refuses it, we do, less and less often.
 */
export function listen({ known, hear, refused }: Ears): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let pause = FIRST_PAUSE_MS
  let last: number | undefined

  function open() {
    const from = known()
    last = undefined
    source = new EventSource(`/api/v1/events${from === undefined ? '' : `?last_event_id=${from}`}`)
    const on = (name: string, read: (data: EventData) => Message) =>
      source?.addEventListener(name, (event: MessageEvent<string>) => {
        const data = JSON.parse(event.data) as EventData
        pause = FIRST_PAUSE_MS
        hear(read(data))
        last = data.version
      })
    on('hello', ({ version }) => ({ kind: 'at', version }))
    on('resync', ({ version }) => ({ kind: 'resync', version }))
    on('change', ({ version, changes }) =>
      last === undefined || !changes
        ? { kind: 'resync', version }
        : { kind: 'change', since: last, version, changes },
    )
    source.addEventListener('end', () => {
      source?.close()
      hear({ kind: 'end' })
      openLater()
    })
    source.addEventListener('error', () => {
      if (source?.readyState !== EventSource.CLOSED) return
      refused()
      openLater()
    })
  }

  function openLater() {
    // Not all at once after everybody was cut off.
    timer = setTimeout(open, pause * (1 + Math.random()))
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }

  open()
  return () => {
    clearTimeout(timer)
    source?.close()
  }
}
