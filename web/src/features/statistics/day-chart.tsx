import type { Statistics } from '#api/types.ts'
import { fullDate, longDay } from '#lib/dates.ts'
import { CHART_HEIGHT, ChartGrid, layOutChart, scaleFor, useWidth } from '#ui/chart.tsx'

type Day = Statistics['per_day'][number]

const LEFT = 32

const shortDay = (date: string) =>
  longDay(date)
    .split(', ')[1]
    ?.replace(/(\w{3})\w*/, '$1') ?? date

/** Completed and created tasks per day: bars and a line, with the same figures as a table. */
export function DayChart({ days }: { days: Day[] }) {
  const { place, width } = useWidth()
  const { top, marks } = scaleFor(Math.max(1, ...days.flatMap((day) => [day.completed, day.created])))
  const { slot, plot, y, middle } = layOutChart(width, LEFT, days.length, top)
  const bar = Math.min(18, slot * 0.6)
  const done = days.reduce((sum, day) => sum + day.completed, 0)
  const made = days.reduce((sum, day) => sum + day.created, 0)
  return (
    <section aria-labelledby="per-day" className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <h2 id="per-day" className="text-base font-semibold">
          Day by day
        </h2>
        <p className="flex gap-5 text-sm text-soft">
          <span className="flex items-center gap-2">
            <span aria-hidden className="h-3 w-2 rounded-sm bg-accent" /> Completed {done}
          </span>
          <span className="flex items-center gap-2">
            <span aria-hidden className="h-0.5 w-4 bg-edge" /> Created {made}
          </span>
        </p>
      </div>
      <div ref={place} className="overflow-hidden">
        <svg
          width={width}
          height={CHART_HEIGHT}
          role="img"
          aria-label={`${done} completed and ${made} created in ${days.length} days`}
          className="block"
        >
          <ChartGrid left={LEFT} width={width} marks={marks} y={y} />
          {days.map((day, index) => (
            <g key={day.date}>
              <title>{`${fullDate(day.date)}: ${day.completed} completed, ${day.created} created`}</title>
              <rect
                x={middle(index) - slot / 2}
                y={plot.y}
                width={slot}
                height={plot.height}
                className="fill-transparent hover:fill-hover"
              />
              {day.completed > 0 ? (
                <rect
                  x={middle(index) - bar / 2}
                  y={y(day.completed)}
                  width={bar}
                  height={y(0) - y(day.completed)}
                  rx="3"
                  className="pointer-events-none fill-accent"
                />
              ) : null}
              {index % 7 === 1 && index < days.length - 1 ? (
                <text
                  x={middle(index)}
                  y={CHART_HEIGHT - 6}
                  textAnchor="middle"
                  className="fill-soft text-[12px]"
                >
                  {shortDay(day.date)}
                </text>
              ) : null}
            </g>
          ))}
          <polyline
            points={days.map((day, index) => `${middle(index)},${y(day.created)}`).join(' ')}
            className="pointer-events-none fill-none stroke-edge"
            strokeWidth="2"
            strokeLinejoin="round"
          />
        </svg>
      </div>
      <details className="text-sm">
        <summary className="w-fit text-soft hover:text-ink touch:py-3.5">Show as a table</summary>
        <table className="mt-2 w-full max-w-md text-left tabular-nums">
          <thead className="text-xs text-soft">
            <tr>
              <th scope="col" className="py-1 font-medium">
                Day
              </th>
              <th scope="col" className="py-1 text-right font-medium">
                Completed
              </th>
              <th scope="col" className="py-1 text-right font-medium">
                Created
              </th>
            </tr>
          </thead>
          <tbody>
            {days.toReversed().map((day) => (
              <tr key={day.date} className="border-t border-line">
                <th scope="row" className="py-1 font-normal">
                  {longDay(day.date)}
                </th>
                <td className="text-right">{day.completed}</td>
                <td className="text-right">{day.created}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  )
}
