import { ApiError, idempotencyKey, isProblem } from '#api/client.ts'
import type { ImportReport, Problem } from '#api/types.ts'

export interface ImportOptions {
  dryRun: boolean
  format: string
  /** Takes the good rows although others are refused. */
  keepGoing: boolean
}

/**
 * Sends a file to be imported. XMLHttpRequest, because `fetch` cannot tell how much of a file
 * has gone out. A refused import still answers its report, which is returned like a granted one.
 */
export function sendFile(
  file: File,
  { dryRun, format, keepGoing }: ImportOptions,
  onProgress: (share: number) => void,
): Promise<ImportReport> {
  const query = new URLSearchParams({ dry_run: String(dryRun), format, keep_going: String(keepGoing) })
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `/api/v1/import?${query}`)
    request.responseType = 'json'
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.setRequestHeader('X-Filename', encodeURIComponent(file.name))
    request.setRequestHeader('Idempotency-Key', idempotencyKey())
    request.upload.onprogress = (event) => onProgress(event.total > 0 ? event.loaded / event.total : 0)
    request.onerror = () =>
      reject(new ApiError({ title: 'The server cannot be reached', status: 0, code: 'unreachable' }))
    request.onload = () => {
      const body: unknown = request.response
      if (request.status === 200) resolve(body as ImportReport)
      else if (isProblem(body) && body.report) resolve(body.report)
      else {
        const problem: Problem = isProblem(body)
          ? body
          : { title: 'The file was not accepted', status: request.status, code: 'unexplained' }
        reject(new ApiError(problem))
      }
    }
    request.send(file)
  })
}
