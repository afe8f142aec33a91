import { answer, api, ApiError } from '../client.ts'
import { seenSince } from '../seen.ts'
import { Standing } from './messages.ts'
import { createRefresh } from './refresh.ts'
import { share } from './share.ts'
import { listen } from './source.ts'

/** Any request that is answered "log in first" leads to the log-in page. */
async function lookWhetherSignedIn() {
  try {
    await answer(api.GET('/api/v1/sessions'))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
  }
}

/**
 * Keeps what the page shows up to date with what is changed elsewhere, until the answer is called.
 * While nothing can be heard, lists are asked for anew when the page gets the focus, as always.
 */
export function startLive(): () => void {
  const standing = new Standing(seenSince())
  const known = () => standing.version
  const { refresh, stop } = createRefresh()
  const leave = share({
    known,
    hear(message) {
      if (message.kind === 'end') void lookWhetherSignedIn()
      else refresh(standing.hear(message))
    },
    listen: (hear) => listen({ known, hear, refused: () => void lookWhetherSignedIn() }),
  })
  return () => {
    leave()
    stop()
  }
}
