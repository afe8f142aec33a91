import { Suspense, useRef, useState, type ComponentType, type KeyboardEvent, type RefObject } from 'react'
import { closeOverlay } from '#lib/overlay.ts'
import { Modal } from './modal.tsx'

export interface PromptKeys {
  move?: (step: number) => void
  choose: () => void
}

/** What the part loaded later is given of the input that was there from the start. */
export interface PromptBodyProps {
  text: string
  setText: (text: string) => void
  keys: RefObject<PromptKeys | null>
  /** Enter was pressed before this part had arrived. */
  waiting: RefObject<boolean>
  onActive: (id: string | undefined) => void
}

export const PROMPT_LIST = 'prompt-results'

interface PromptProps {
  label: string
  placeholder: string
  /** The body is a list of options the input chooses from. */
  combobox?: boolean
  Body: ComponentType<PromptBodyProps>
}

/** The keys of a one-line input whose meaning is loaded behind it. */
export function usePromptKeys() {
  const keys = useRef<PromptKeys | null>(null)
  const waiting = useRef(false)
  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'ArrowDown' && keys.current?.move) keys.current.move(1)
    else if (event.key === 'ArrowUp' && keys.current?.move) keys.current.move(-1)
    else if (event.key === 'Enter') {
      if (keys.current) keys.current.choose()
      else waiting.current = true
    } else return
    event.preventDefault()
  }
  return { keys, waiting, onKeyDown }
}

/**
 * A line to type into over the page. The input is part of the first load and takes letters at
 * once; what they mean is loaded behind it, so fast typing loses nothing.
 */
export function Prompt({ label, placeholder, combobox = false, Body }: PromptProps) {
  const [text, setText] = useState('')
  const [active, setActive] = useState<string>()
  const { keys, waiting, onKeyDown } = usePromptKeys()
  const list = combobox
    ? ({
        role: 'combobox',
        'aria-expanded': true,
        'aria-controls': PROMPT_LIST,
        'aria-activedescendant': active,
        'aria-autocomplete': 'list',
      } as const)
    : {}
  return (
    <Modal
      label={label}
      onClose={closeOverlay}
      className="mx-auto mt-[12vh] w-[min(620px,calc(100%-24px))] animate-rise overflow-hidden max-md:mt-3"
    >
      <input
        autoFocus
        {...list}
        aria-label={label}
        placeholder={placeholder}
        autoComplete="off"
        enterKeyHint="go"
        className="h-14 w-full bg-transparent px-5 text-lg outline-none"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <Suspense>
        <Body text={text} setText={setText} keys={keys} waiting={waiting} onActive={setActive} />
      </Suspense>
    </Modal>
  )
}
