import { cleanup, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Description } from '#features/tasks/panel/description.tsx'
import { TitleField } from '#features/tasks/panel/title-field.tsx'
import { toasts } from '#lib/toasts.ts'

/* What somebody types stays theirs when the task is changed elsewhere, and is not saved over that unasked. */

const onSave = vi.fn(() => Promise.resolve(true))
const said = () => toasts.get().at(-1)?.text ?? ''

beforeEach(() => {
  onSave.mockClear()
  toasts.set([])
})
afterEach(cleanup)

test('a title', async () => {
  const user = userEvent.setup()
  const field = (title: string) => <TitleField title={title} done={false} onSave={onSave} />
  const { rerender } = render(field('Pay rent'))
  const box = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Title' })
  await user.type(box, ' in cash')
  rerender(field('Pay rent by transfer'))
  expect(box.value).toBe('Pay rent in cash')
  await user.tab()
  expect(onSave).not.toHaveBeenCalled()
  expect(said()).toContain('Pay rent by transfer')
  expect(box.value).toBe('Pay rent in cash')
  await user.type(box, '{Enter}')
  expect(onSave).toHaveBeenCalledExactlyOnceWith('Pay rent in cash')
})

test('a title that nobody types into follows', async () => {
  const user = userEvent.setup()
  const field = (title: string) => <TitleField title={title} done={false} onSave={onSave} />
  const { rerender } = render(field('Pay rent'))
  const box = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Title' })
  rerender(field('Pay rent by transfer'))
  expect(box.value).toBe('Pay rent by transfer')
  await user.type(box, '!')
  await user.tab()
  expect(onSave).toHaveBeenCalledExactlyOnceWith('Pay rent by transfer!')
})

test('a description', async () => {
  const user = userEvent.setup()
  const field = (text: string) => <Description text={text} onSave={onSave} />
  const { rerender } = render(field('First'))
  await user.click(screen.getByRole('button', { name: 'Edit' }))
  const box = screen.getByRole<HTMLTextAreaElement>('textbox')
  await user.type(box, ' draft')
  rerender(field('Theirs'))
  expect(box.value).toBe('First draft')
  const save = screen.getByRole('button', { name: 'Save' })
  await user.click(save)
  expect(onSave).not.toHaveBeenCalled()
  expect(said()).toContain('meanwhile')
  await user.click(save)
  expect(onSave).toHaveBeenCalledExactlyOnceWith('First draft')
})
