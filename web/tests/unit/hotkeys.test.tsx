import { cleanup, render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  HOTKEYS,
  isSingleKey,
  keyCaps,
  matchPress,
  pressOf,
  useHotkeys,
  type Handlers,
} from '#lib/hotkeys.ts'
import { setPreference } from '#lib/preferences.ts'

const event = (key: string, more = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
})

describe('the table', () => {
  test('no two shortcuts that are listened for share their keys', () => {
    const all = Object.values(HOTKEYS).flatMap((hotkey) => ('local' in hotkey ? [] : hotkey.keys))
    expect(new Set(all).size).toBe(all.length)
  })

  test('no shortcut is the beginning of a longer one', () => {
    const all = Object.values(HOTKEYS).flatMap((hotkey): readonly string[] => hotkey.keys)
    const starts = new Set(all.filter((keys) => /^\S \S/.test(keys)).map((keys) => keys[0]))
    expect(all.filter((keys) => starts.has(keys))).toEqual([])
  })

  test('every shortcut says what it does', () => {
    for (const hotkey of Object.values(HOTKEYS)) expect(hotkey.label).not.toBe('')
  })
})

describe('reading a press', () => {
  test('names it as the table does', () => {
    expect(pressOf(event('K', { ctrlKey: true }))).toBe('mod+k')
    expect(pressOf(event('k', { metaKey: true }))).toBe('mod+k')
    expect(pressOf(event('?', { shiftKey: true }))).toBe('?')
    expect(pressOf(event('ArrowDown', { shiftKey: true }))).toBe('shift+ArrowDown')
  })

  test('two keys in turn', () => {
    expect(matchPress('g', null, true)).toEqual({ names: [], pending: 'g' })
    expect(matchPress('t', 'g', true)).toEqual({ names: ['goToday'], pending: null })
    expect(matchPress('q', 'g', true)).toEqual({ names: [], pending: null })
  })

  test('single keys can be switched off, the others stay', () => {
    expect(matchPress('q', null, false).names).toEqual([])
    expect(matchPress('g', null, false).pending).toBeNull()
    expect(matchPress('mod+k', null, false).names).toEqual(['palette'])
    expect(matchPress('Enter', null, false).names).toEqual(['open'])
  })

  test('which presses count as single keys', () => {
    expect(isSingleKey('q')).toBe(true)
    expect(isSingleKey('g t')).toBe(true)
    expect(isSingleKey('mod+k')).toBe(false)
    expect(isSingleKey(' ')).toBe(false)
  })

  test('caps to draw', () => {
    expect(keyCaps('g t')).toEqual(['G', 'then', 'T'])
    expect(keyCaps(' ')).toEqual(['Space'])
    expect(keyCaps('ArrowUp')).toEqual(['↑'])
  })
})

describe('listening', () => {
  function Listener({ handlers }: { handlers: Handlers }) {
    useHotkeys(handlers)
    return <input aria-label="Text" />
  }
  beforeEach(() => setPreference('singleKeys', true))
  afterEach(cleanup)

  test('the newest component is asked first and may pass on', async () => {
    const outer = vi.fn()
    const inner = vi.fn(() => false)
    render(
      <>
        <Listener handlers={{ add: outer }} />
        <Listener handlers={{ add: inner }} />
      </>,
    )
    await userEvent.keyboard('q')
    expect(inner).toHaveBeenCalledOnce()
    expect(outer).toHaveBeenCalledOnce()
  })

  test('letters typed into a field are letters', async () => {
    const add = vi.fn()
    const palette = vi.fn()
    const { getByLabelText } = render(<Listener handlers={{ add, palette }} />)
    await userEvent.type(getByLabelText('Text'), 'quick')
    expect(add).not.toHaveBeenCalled()
    await userEvent.keyboard('{Control>}k{/Control}')
    expect(palette).toHaveBeenCalledOnce()
  })

  test('nothing is heard once the component is gone', async () => {
    const add = vi.fn()
    const { unmount } = render(<Listener handlers={{ add }} />)
    unmount()
    await userEvent.keyboard('q')
    expect(add).not.toHaveBeenCalled()
  })
})
