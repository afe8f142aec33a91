import { useState, type FormEvent } from 'react'
import { ApiError, sayError } from '#api/client.ts'

/**
 * Sends a form and keeps what the server refused: `problem` for the whole, `error(field)` for one
 * field. The first refused field gets the focus.
 */
export function useForm<Result>(
  send: (values: Record<string, string>) => Promise<Result>,
  done: (result: Result) => void,
) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)

  async function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]))
    setBusy(true)
    setFailure(null)
    try {
      done(await send(values))
    } catch (error) {
      setFailure(error)
      const field = error instanceof ApiError ? error.problem.errors?.[0]?.field : undefined
      const control = field ? form.elements.namedItem(field) : null
      if (control instanceof HTMLElement) control.focus()
    } finally {
      setBusy(false)
    }
  }

  const error = (field: string) => (failure instanceof ApiError ? failure.field(field) : undefined)
  const named = failure instanceof ApiError && (failure.problem.errors?.length ?? 0) > 0
  return { onSubmit, busy, error, problem: failure && !named ? sayError(failure) : null }
}
