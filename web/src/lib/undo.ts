/** The last things that can be taken back, newest last. The undo key and each toast use the same entry. */
export interface Undoable {
  said: string
  undo: () => void
}

const LIMIT = 50
const stack: Undoable[] = []

export function remember(entry: Undoable) {
  stack.push(entry)
  if (stack.length > LIMIT) stack.shift()
}

/** Takes one entry back, at most once: a toast's button and the undo key cannot both do it. */
export function takeBack(entry: Undoable): boolean {
  const index = stack.indexOf(entry)
  if (index < 0) return false
  stack.splice(index, 1)
  entry.undo()
  return true
}

export function takeBackLast(): Undoable | null {
  const last = stack.at(-1)
  if (!last) return null
  takeBack(last)
  return last
}

export const forgetAll = () => void stack.splice(0)
