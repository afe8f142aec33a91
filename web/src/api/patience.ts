/** Waits of up to so many seconds are sat out; whoever has to wait longer is told. */
const LONGEST_S = 5

/**
 * Sends a request, and again after a short while if there have been too many: what is refused for that
 * was not done and not counted.
 */
export async function patientFetch(request: Request): Promise<Response> {
  for (;;) {
    const response = await fetch(request.clone())
    const wait = Number(response.headers.get('Retry-After') ?? Infinity)
    if (response.status !== 429 || !(wait <= LONGEST_S)) return response
    await pause(wait * 1000, request.signal)
  }
}

const pause = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', giveUp, { once: true })
  })
