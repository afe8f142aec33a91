import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { ChartNoAxesColumn } from 'lucide-react'
import { accountZone } from '#api/queries.ts'
import { classes } from '#lib/classes.ts'
import { EmptyState, ErrorState, Waiting } from '#ui/states.tsx'
import { Outdated } from '../alarm.tsx'
import { sayCount, sayTotal } from '../words.ts'
import { Choice } from './choice.tsx'
import { knownQueuesQuery, measuresQuery } from './queries.ts'
import { RANGES, sayStart, seriesOf, type Point, type Range, type Wanted } from './series.ts'
import { TimeChart } from './time-chart.tsx'
import { sayMeasured, sayTime } from './words.ts'

interface Shown extends Wanted {
  range: Range
}

/** Reads from the address what is shown. */
function parseShown(search: Record<string, unknown>): Shown {
  const word = (value: unknown) => (typeof value === 'string' && value ? value : undefined)
  const range = word(search.range)
  return {
    range: range && range in RANGES ? (range as Range) : '1h',
    queue: word(search.queue),
    kind: word(search.kind),
  }
}

export function MeasuresPage() {
  const shown = parseShown(useSearch({ strict: false }))
  const { data, isError, error, refetch, dataUpdatedAt } = useQuery(measuresQuery(shown.range))
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <Ranges shown={shown} />
        <Filters shown={shown} />
      </div>
      {isError && data ? <Outdated error={error} since={dataUpdatedAt} /> : null}
      {data ? (
        <Charts points={seriesOf(data.data, shown.range, dataUpdatedAt, shown)} shown={shown} />
      ) : isError ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Waiting what="the measures" />
      )}
    </>
  )
}

function Ranges({ shown }: { shown: Shown }) {
  return (
    <nav aria-label="Range" className="flex gap-0.5 rounded-lg bg-hover p-0.5">
      {Object.entries(RANGES).map(([range, { name }]) => (
        <Link
          key={range}
          to="/admin/queues/measures"
          search={{ ...shown, range } as never}
          aria-current={range === shown.range ? 'true' : undefined}
          className={classes(
            'flex h-7 items-center rounded-md px-3 text-sm whitespace-nowrap touch:h-11',
            range === shown.range ? 'bg-raised font-medium shadow-sheet' : 'text-soft hover:text-ink',
          )}
        >
          {name}
        </Link>
      ))}
    </nav>
  )
}

function Filters({ shown }: { shown: Shown }) {
  const navigate = useNavigate()
  const { data } = useQuery(knownQueuesQuery)
  const change = (next: Wanted) =>
    void navigate({ to: '/admin/queues/measures', search: { ...shown, ...next } as never, replace: true })
  return (
    <div className="flex flex-wrap gap-2">
      <Choice
        label="Queue"
        all="All queues"
        value={shown.queue}
        options={data?.queues.map(({ name }) => name) ?? []}
        onChange={(queue) => change({ queue })}
      />
      <Choice
        label="Kind"
        all="All kinds"
        value={shown.kind}
        options={data?.kinds ?? []}
        onChange={(kind) => change({ kind })}
      />
    </div>
  )
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Round durations, as far apart as lines behind a drawing of them may be. */
const TIME_STEPS = [
  [1, 2, 5, 10, 20, 50, 100, 200, 500],
  [1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  [1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  [1, 2, 6, 12, 24, 48, 168].map((hours) => hours * HOUR),
].flat()

const sum = (points: Point[], of: (point: Point) => number) =>
  points.reduce((total, point) => total + of(point), 0)

function Charts({ points, shown }: { points: Point[]; shown: Shown }) {
  const [done, failed] = [sum(points, (point) => point.done), sum(points, (point) => point.failed)]
  const { name } = RANGES[shown.range]
  if (done + failed === 0) {
    return (
      <EmptyState icon={<ChartNoAxesColumn size={28} aria-hidden />} title="No job ended in this time">
        {shown.range === '1h' ? null : 'Hours and days are counted when they are over.'}
      </EmptyState>
    )
  }
  const times = points.map(({ start }) => sayStart(start, shown.range, accountZone()))
  return (
    <>
      <TimeChart
        title="Throughput and failures"
        summary={`${sayCount(done)} jobs done and ${sayCount(failed)} failed in ${name}`}
        times={times}
        say={sayTotal}
        series={[
          {
            name: 'Done',
            note: sayTotal(done),
            drawn: 'bars',
            look: 'accent',
            values: points.map((point) => point.done),
          },
          {
            name: 'Failed',
            note: sayTotal(failed),
            drawn: 'bars',
            look: 'danger',
            values: points.map((point) => point.failed),
          },
        ]}
      />
      <Percentile of="wait" title="Wait" points={points} times={times} shown={shown} />
      <Percentile of="run" title="Run" points={points} times={times} shown={shown} />
    </>
  )
}

interface PercentileProps {
  of: 'wait' | 'run'
  title: string
  points: Point[]
  times: string[]
  shown: Shown
}

const MEANING = {
  wait: '95 of 100 jobs were taken within this time after they were due',
  run: '95 of 100 attempts ran no longer than this',
}

function Percentile({ of, title, points, times, shown }: PercentileProps) {
  const values = points.map((point) => point[of])
  const highest = Math.max(0, ...values.map((value) => value ?? 0))
  return (
    <TimeChart
      title={title}
      note={`${MEANING[of]}${shown.kind ? '' : '; of several kinds the slowest is shown'}.`}
      summary={`${title}: 95 of 100 within ${sayTime(highest)} at most, in ${RANGES[shown.range].name}`}
      times={times}
      say={sayMeasured}
      sayMark={sayTime}
      steps={TIME_STEPS}
      left={60}
      series={[{ name: 'p95', note: `at most ${sayTime(highest)}`, drawn: 'line', look: 'accent', values }]}
    />
  )
}
