import { cleanup } from '@testing-library/react'
import { afterEach, beforeEach, vi } from 'vitest'
import { accountQuery, queryClient } from '#api/queries.ts'

/** Each test begins at this time, with nothing known and nobody's account, in a browser that can show dialogs. */
export function withDialogs(now: string | number) {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date(now) })
    vi.stubGlobal('scrollTo', () => {})
    vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener() {}, removeEventListener() {} }))
    // The browser that the tests run in knows no dialogs.
    HTMLDialogElement.prototype.showModal = function showModal() {
      this.open = true
    }
    HTMLDialogElement.prototype.close = function close() {
      this.open = false
    }
    queryClient.clear()
    queryClient.setQueryData(accountQuery.queryKey, null)
  })
  afterEach(() => {
    cleanup()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
}
