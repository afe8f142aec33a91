import { QueryClientProvider } from '@tanstack/react-query'
import { act, render, screen, within } from '@testing-library/react'
import type { ReactNode } from 'react'
import { expect, test, vi } from 'vitest'
import { queryClient } from '#api/queries.ts'
import type { JobDetails } from '#api/types.ts'
import { DeedDialog } from '#features/admin/queue/deed-dialog.tsx'
import { Timeline } from '#features/admin/queue/timeline.tsx'
import { withDialogs } from './dialogs.ts'

const NOW = Date.parse('2026-11-30T09:00:30Z')
const at = (text: string) => `2026-11-30T${text}Z`
const job: JobDetails = {
  id: 'j',
  queue: 'urgent',
  kind: 'send_password_reset',
  state: 'done',
  priority: 'normal',
  owner: null,
  tags: [],
  payload: '{}',
  attempts: 1,
  tries: 5,
  pushed_at: at('08:00:00'),
  due_at: null,
  started_at: at('08:00:01'),
  ended_at: at('08:00:02'),
  worker: null,
  error: null,
  fingerprint: null,
  history: [
    {
      number: 1,
      started_at: at('08:00:01'),
      ended_at: at('08:00:02'),
      outcome: 'done',
      error: null,
      worker: null,
      log: [
        { after_ms: 4, level: 'info', target: 'mail', text: 'asking the relay' },
        { after_ms: 1480, level: 'warn', target: 'mail', text: 'it is slow' },
      ],
      log_more: 3,
    },
  ],
}
const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds))

/** Shows a part of a page; answers what is asked. */
function show(part: ReactNode, answer: unknown = null) {
  const asked: unknown[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(await request.json())
    return Response.json(answer)
  })
  render(<QueryClientProvider client={queryClient}>{part}</QueryClientProvider>)
  return asked
}

withDialogs(NOW)

test('what an attempt logged stands with it', () => {
  show(<Timeline job={job} now={NOW} />)
  const log = within(screen.getByRole('list', { name: 'Log of Attempt 1: Done' }))
  expect(log.getAllByRole('listitem').map((line) => line.textContent)).toEqual([
    '+4 msasking the relay',
    '+1.48 swarn: it is slow',
    '… 3 more',
  ])
})

test('what is to be done with all that match says first with how many', async () => {
  const jobs = { state: 'failed', kind: 'k' } as const
  const intent = { deed: 'forget', jobs, number: null } as const
  const asked = show(<DeedDialog intent={intent} onClose={() => {}} onDone={() => {}} />, {
    jobs: 1000,
    more: true,
  })
  expect(screen.getByRole('heading', { name: 'Forget all jobs that match?' })).toBeTruthy()
  await wait(10)
  expect(screen.getByRole('heading', { name: 'Forget 1,000 jobs?' })).toBeTruthy()
  expect(screen.getByText(/At most 1,000 at a time/)).toBeTruthy()
  expect(asked).toEqual([{ action: 'forget', jobs }])
})
