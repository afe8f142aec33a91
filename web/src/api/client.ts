import createClient from 'openapi-fetch'
import { patientFetch } from './patience.ts'
import type { paths } from './schema.d.ts'
import { noteTag } from './seen.ts'
import type { Problem, Whole } from './types.ts'

/** A request the server refused, with its problem document; status 0 when it was never reached. */
export class ApiError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail || problem.title)
    this.problem = problem
  }

  get status() {
    return this.problem.status
  }

  /** The message for one field of the request, if the server named it. */
  field(name: string) {
    return this.problem.errors?.find((error) => error.field === name)?.message
  }
}

let onSignedOut = () => {}

/** What to do when a request is answered "log in first". Set once by the application. */
export function whenSignedOut(action: () => void) {
  onSignedOut = action
}

/** Requests whose own 401 means "wrong password", not "the session has ended". */
const OWN_401 = /\/api\/v1\/(login|register|me)$/

export const api = createClient<paths>({
  baseUrl: typeof location === 'undefined' ? '' : location.origin,
  // Looked up at each call, so that a test can stand in for the network.
  fetch: (request) => patientFetch(request),
})

api.use({
  onResponse({ request, response }) {
    noteTag(response.headers.get('ETag'))
    if (response.status !== 401) return
    const path = new URL(request.url).pathname
    if (!OWN_401.test(path)) onSignedOut()
  },
})

interface Reply<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/** The body of a successful answer; throws `ApiError` for everything else. */
export async function answer<Data>(reply: Promise<Reply<Data>>): Promise<Whole<Data>> {
  let settled: Reply<Data>
  try {
    settled = await reply
  } catch {
    throw new ApiError({ title: 'The server cannot be reached', status: 0, code: 'unreachable' })
  }
  const { data, error, response } = settled
  if (response.ok) return data as Whole<Data>
  throw new ApiError(isProblem(error) ? error : unexplained(response))
}

export const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' && body !== null && 'code' in body && 'status' in body

const unexplained = (response: Response): Problem => ({
  title:
    response.status >= 500 ? 'The server had a problem. Try again in a moment' : 'The request was refused',
  status: response.status,
  code: 'unexplained',
})

/** A key that makes a repeated POST count once. randomUUID exists on secure origins only. */
export function idempotencyKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

export const sayError = (error: unknown) =>
  error instanceof Error && error.message ? error.message : 'Something went wrong'
