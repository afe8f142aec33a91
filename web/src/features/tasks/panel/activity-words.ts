import { PRIORITY_NAMES, STATUS_NAMES, type Activity, type Changes } from '#api/types.ts'
import { sayDay } from '#lib/dates.ts'

/** What was done, in one sentence or several; `today` decides whether dates need their year. */
export function sayActivity(action: Activity['action'], changes: Changes, today: string): string[] {
  const changed = sayChanges(changes, action === 'changed', today)
  const sentence = ACTIONS[action]
  return sentence ? [sentence, ...changed] : changed
}

const ACTIONS: Record<Activity['action'], string | null> = {
  created: 'Written down',
  changed: null,
  completed: 'Completed',
  reopened: 'Opened again',
  trashed: 'Moved to the trash',
  restored: 'Restored from the trash',
  purged: 'Deleted for good',
}

/** By which way it was done; nothing for what was done here on the page. */
export function sayWay({ via, token_name }: Pick<Activity, 'via' | 'token_name'>): string | null {
  if (via === 'session') return null
  if (via === 'mail_link') return 'by mail link'
  if (via === 'system') return 'by Duly'
  const token = token_name === null ? '' : ` “${token_name}”`
  return via === 'token' ? `by the API token${token}` : `by import${token && ` with the API token${token}`}`
}

function sayChanges(changes: Changes, withStatus: boolean, today: string): string[] {
  const { title, description, status, due_date, due_time, priority, labels, snoozed_until, muted } = changes
  const day = (date: string) => sayDay(date, today)
  return [
    title && `Renamed from “${title.from}” to “${title.to}”`,
    // That a task was completed or opened again says its status already.
    status && withStatus && `Moved from ${STATUS_NAMES[status.from]} to ${STATUS_NAMES[status.to]}`,
    due_date && sayValue('Due date', due_date, day),
    due_time && sayValue('Due time', due_time, (time) => time),
    priority && `Priority changed from ${PRIORITY_NAMES[priority.from]} to ${PRIORITY_NAMES[priority.to]}`,
    ...(labels ? sayLabels(labels.from, labels.to) : []),
    description && 'Description changed',
    snoozed_until && (snoozed_until.to ? `Snoozed until ${day(snoozed_until.to)}` : 'Snooze ended'),
    muted && (muted.to ? 'Left out of the overdue mail' : 'Named in the overdue mail again'),
  ].filter((sentence) => typeof sentence === 'string')
}

function sayValue(
  name: string,
  { from, to }: { from: string | null; to: string | null },
  say: (value: string) => string,
): string {
  if (to === null) return `${name} removed`
  return from === null ? `${name} set to ${say(to)}` : `${name} changed from ${say(from)} to ${say(to)}`
}

function sayLabels(from: string[], to: string[]): string[] {
  const sentence = (labels: string[], what: string) =>
    labels.length === 0 ? [] : [`${labels.length === 1 ? 'Label' : 'Labels'} ${labels.join(', ')} ${what}`]
  const added = to.filter((label) => !from.includes(label))
  const removed = from.filter((label) => !to.includes(label))
  if (added.length + removed.length === 0) return ['Labels put in another order']
  return [...sentence(added, 'added'), ...sentence(removed, 'removed')]
}
