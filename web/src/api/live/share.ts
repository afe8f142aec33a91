import type { Message } from './messages.ts'

const NAME = 'duly.events'

/** What tabs say to each other: what was heard, or the question where things stand. */
type Word = Message | { kind: 'where' }

interface Tab {
  /** Where this tab stands. */
  known: () => number | undefined
  hear: (message: Message) => void
  /** Listens to the server until the answer is called. */
  listen: (hear: (message: Message) => void) => () => void
}

/**
 * One tab of the browser listens to the server and tells the others, because a browser opens six
 * connections to a server at most, whatever the number of tabs. When that tab is closed, the next
 * one takes over. A browser that cannot do this has each tab listen.
 */
export function share({ known, hear, listen }: Tab): () => void {
  if (!('locks' in navigator) || typeof BroadcastChannel !== 'function') return listen(hear)
  const channel = new BroadcastChannel(NAME)
  const leaving = new AbortController()
  let isHolder = false
  const say = (word: Word) => channel.postMessage(word)

  channel.addEventListener('message', ({ data: word }: MessageEvent<Word>) => {
    if (word.kind !== 'where') return hear(word)
    const version = known()
    if (isHolder && version !== undefined) say({ kind: 'at', version })
  })
  // Who comes while another listens may have been given something old.
  say({ kind: 'where' })

  const hold = () =>
    new Promise<void>((resolve) => {
      isHolder = true
      const stop = listen((message) => {
        hear(message)
        say(message)
      })
      leaving.signal.addEventListener('abort', () => {
        stop()
        resolve()
      })
    })
  navigator.locks.request(NAME, { signal: leaving.signal }, hold).catch(() => {
    // Left before it was this tab's turn.
  })
  return () => {
    leaving.abort()
    channel.close()
  }
}
