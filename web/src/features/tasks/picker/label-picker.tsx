import { useQuery } from '@tanstack/react-query'
import { Check, Minus, Plus } from 'lucide-react'
import { useId, useState, type KeyboardEvent } from 'react'
import { labelsQuery } from '#api/queries.ts'
import { edit, knownTask } from '#api/task-actions.ts'
import type { Task } from '#api/types.ts'
import { classes } from '#lib/classes.ts'
import { LabelDot } from '#ui/task-marks.tsx'

interface Option {
  name: string
  /** All of the tasks carry it, some, or none. */
  carried: 'all' | 'some' | 'none'
  fresh: boolean
}

const LABEL_CHARACTERS = /[^\p{L}\p{N}\p{M}_/-]+/gu

function optionsFor(tasks: Task[], names: string[], text: string): Option[] {
  const wanted = text.toLowerCase()
  const options = names
    .filter((name) => name.toLowerCase().includes(wanted))
    .map((name): Option => {
      const count = tasks.filter((task) => task.labels.includes(name)).length
      return { name, carried: count === 0 ? 'none' : count === tasks.length ? 'all' : 'some', fresh: false }
    })
  const fresh = text && !names.some((name) => name.toLowerCase() === wanted)
  return fresh ? [...options, { name: text, carried: 'none', fresh: true }] : options
}

/** Adds and removes labels: type to find or to make one, Enter to set or unset it. */
export function LabelPicker({ tasks: opened }: { tasks: Task[] }) {
  const id = useId()
  const [text, setText] = useState('')
  const [place, setPlace] = useState(0)
  const [, refresh] = useState(0)
  const { data } = useQuery(labelsQuery)
  const tasks = opened.map((task) => knownTask(task.id) ?? task)
  const names = new Set([
    ...(data?.data.map(({ name }) => name) ?? []),
    ...tasks.flatMap((task) => task.labels),
  ])
  const options = optionsFor(tasks, [...names].toSorted(), text)
  const active = options[Math.min(place, options.length - 1)]

  function toggle({ name, carried }: Option) {
    const remove = carried === 'all'
    void edit(
      tasks.map((task) => ({
        id: task.id,
        change: {
          labels: remove
            ? task.labels.filter((label) => label !== name)
            : [...new Set([...task.labels, name])],
        },
      })),
      { said: `${remove ? 'Removed' : 'Added'} the label ${name}` },
    )
    setText('')
    refresh((count) => count + 1)
  }

  function onKeyDown(event: KeyboardEvent) {
    const last = options.length - 1
    if (event.key === 'ArrowDown') setPlace(Math.min(place + 1, last))
    else if (event.key === 'ArrowUp') setPlace(Math.max(place - 1, 0))
    else if (event.key === 'Enter' && active) toggle(active)
    else return
    event.preventDefault()
  }

  return (
    <div className="w-64 p-1">
      <input
        autoFocus
        role="combobox"
        aria-label="Find or make a label"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={active ? `${id}-${options.indexOf(active)}` : undefined}
        aria-autocomplete="list"
        placeholder="Find or make a label"
        autoComplete="off"
        className="h-9 w-full bg-transparent px-2.5 text-base outline-none touch:h-11"
        value={text}
        onChange={(event) => {
          setText(event.target.value.replace(LABEL_CHARACTERS, '-').replace(/^-/, ''))
          setPlace(0)
        }}
        onKeyDown={onKeyDown}
      />
      <ul
        id={`${id}-list`}
        role="listbox"
        aria-label="Labels"
        aria-multiselectable
        className="max-h-64 overflow-y-auto border-t border-line pt-1"
      >
        {options.map((option, index) => (
          <li
            key={option.name}
            id={`${id}-${index}`}
            role="option"
            aria-selected={option.carried === 'all'}
            className={classes(
              'flex h-8 items-center gap-2.5 rounded-md px-2.5 text-sm touch:h-11',
              option === active && 'bg-hover',
            )}
            onMouseMove={() => setPlace(index)}
            onClick={() => toggle(option)}
          >
            {option.fresh ? <Plus size={14} aria-hidden /> : <LabelDot name={option.name} />}
            <span className="min-w-0 flex-1 truncate">
              {option.fresh ? `Make “${option.name}”` : option.name}
            </span>
            {option.carried === 'all' ? <Check size={14} className="text-accent" aria-hidden /> : null}
            {option.carried === 'some' ? (
              <Minus size={14} className="text-soft" aria-label="Some of them" />
            ) : null}
          </li>
        ))}
        {options.length === 0 ? (
          <li role="option" aria-selected={false} aria-disabled className="px-2.5 py-2 text-sm text-soft">
            Type to make the first label
          </li>
        ) : null}
      </ul>
    </div>
  )
}
