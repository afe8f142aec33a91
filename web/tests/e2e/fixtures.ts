import { randomUUID } from 'node:crypto'
import { test as base, expect, type APIRequestContext, type Page } from '@playwright/test'
import type { NewTask, Task } from '#api/types.ts'

export { expect }

export const PASSWORD = 'violet-teapot-canyon-27'
export const newEmail = () => `e2e-${randomUUID()}@example.org`

/** A date as the application writes it, counted from today in UTC, the zone of the test account. */
export const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)

/** The API, as the page of the same origin would call it. */
export class Api {
  readonly request: APIRequestContext
  readonly origin: string

  constructor(request: APIRequestContext, origin: string) {
    this.request = request
    this.origin = origin
  }

  async post<Body>(path: string, data: unknown): Promise<Body> {
    const response = await this.request.post(`${this.origin}/api/v1/${path}`, {
      data,
      headers: { Origin: this.origin, 'Sec-Fetch-Site': 'same-origin' },
    })
    expect(response.ok(), `${path}: ${response.status()} ${await response.text()}`).toBe(true)
    return (await response.json()) as Body
  }

  async allTasks(): Promise<Task[]> {
    const response = await this.request.get(`${this.origin}/api/v1/tasks?limit=200`)
    return ((await response.json()) as { data: Task[] }).data
  }

  add = (task: NewTask) => this.post<Task>('tasks', task)
}

interface WorkerFixtures {
  /** Cookies of an account made once for each worker: servers limit how often one may register. */
  account: { email: string; state: Awaited<ReturnType<APIRequestContext['storageState']>> }
}

interface Fixtures {
  api: Api
  /** A page signed in to an account without tasks. */
  signedIn: Page
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  account: [
    async ({ playwright }, provide, worker) => {
      const origin = worker.project.use.baseURL ?? ''
      const context = await playwright.request.newContext()
      const email = newEmail()
      await new Api(context, origin).post('register', {
        name: 'Ana Ruiz',
        email,
        password: PASSWORD,
        time_zone: 'UTC',
      })
      await provide({ email, state: await context.storageState() })
      await context.dispose()
    },
    { scope: 'worker' },
  ],

  api: async ({ context, account, baseURL }, provide) => {
    await context.addCookies(account.state.cookies)
    const api = new Api(context.request, baseURL ?? '')
    const ids = (await api.allTasks()).map((task) => task.id)
    if (ids.length > 0) await api.post('tasks/bulk', { ids, delete: true })
    await provide(api)
  },

  signedIn: async ({ page, api }, provide) => {
    // Being signed in is what the API fixture brings along.
    void api
    await provide(page)
  },
})

/** The row of a task in the list. */
export const row = (page: Page, title: string) => page.getByRole('row').filter({ hasText: title })

/** Waits until everything the page has sent is answered and saved. */
export const saved = (page: Page, method: string) =>
  page.waitForResponse((response) => response.request().method() === method && response.ok())
