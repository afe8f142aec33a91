import { useId } from 'react'
import { classes } from '#lib/classes.ts'
import { CHART_HEIGHT, ChartGrid, layOutChart, scaleFor, useWidth } from '#ui/chart.tsx'

const LOOKS = {
  accent: { fill: 'fill-accent', stroke: 'stroke-accent', key: 'bg-accent' },
  danger: { fill: 'fill-danger', stroke: 'stroke-danger', key: 'bg-danger' },
  edge: { fill: 'fill-edge', stroke: 'stroke-edge', key: 'bg-edge' },
}
/** How far the times below the drawing are apart at least, in pixels. */
const APART = 84
/** A time nearer to the end than this, in pixels, would be cut off. */
const ROOM = 30
/** Bars closer than this, in pixels, are drawn as one area: gaps would be stripes, and edges that touch seams. */
const CLOSE = 4
const SEAM = 0.5

interface Series {
  name: string
  /** What the legend says beside the name. */
  note?: string
  drawn: 'bars' | 'line'
  look: keyof typeof LOOKS
  values: (number | null)[]
}

interface TimeChartProps {
  title: string
  note?: string
  /** What there is to see, for who cannot. */
  summary: string
  /** When each value was. */
  times: string[]
  series: Series[]
  say: (value: number) => string
  /** What stands at the lines behind it, when that is said in another way. */
  sayMark?: (value: number) => string
  /** How far apart the lines behind it may be; round numbers when left out. */
  steps?: readonly number[]
  left?: number
}

/** What happened over time: bars on top of each other and lines, with the same figures as a table. */
export function TimeChart(props: TimeChartProps) {
  const { title, note, summary, times, series } = props
  const id = useId()
  return (
    <section aria-labelledby={id} className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <div>
          <h2 id={id} className="text-base font-semibold">
            {title}
          </h2>
          {note ? <p className="mt-0.5 text-sm text-soft">{note}</p> : null}
        </div>
        <p className="flex flex-wrap gap-x-5 text-sm text-soft">
          {series.map(({ name, note: more, drawn, look }) => (
            <span key={name} className="flex items-center gap-2 tabular-nums">
              <span
                aria-hidden
                className={classes(drawn === 'bars' ? 'h-3 w-2 rounded-sm' : 'h-0.5 w-4', LOOKS[look].key)}
              />
              {name} {more}
            </span>
          ))}
        </p>
      </div>
      <Drawing {...props} summary={summary} />
      <details className="text-sm">
        <summary className="w-fit text-soft hover:text-ink touch:py-3.5">Show as a table</summary>
        <Figures title={title} times={times} series={series} say={props.say} />
      </details>
    </section>
  )
}

/** The bars stand on top of each other: what each of them reaches up to. */
function stack(series: Series[]) {
  const reached: number[] = []
  return series.map(({ drawn, values }) =>
    values.map((value, index) => {
      const from = drawn === 'bars' ? (reached[index] ?? 0) : 0
      const to = from + (value ?? 0)
      if (drawn === 'bars') reached[index] = to
      return { from, to }
    }),
  )
}

function Drawing(props: TimeChartProps) {
  const { summary, times, series, say, sayMark = say, steps, left = 44 } = props
  const { place, width } = useWidth()
  const spans = stack(series)
  const { top, marks } = scaleFor(Math.max(1, ...spans.flat().map(({ to }) => to)), steps)
  const { slot, plot, y, middle } = layOutChart(width, left, times.length, top)
  const bar = slot < CLOSE ? slot + SEAM : Math.min(18, slot * 0.65)
  const apart = Math.max(1, Math.ceil(APART / slot))
  return (
    <div ref={place} className="overflow-hidden">
      <svg width={width} height={CHART_HEIGHT} role="img" aria-label={summary} className="block">
        <ChartGrid
          left={left}
          width={width}
          marks={marks}
          y={y}
          say={(mark) => (mark === 0 ? '0' : sayMark(mark))}
        />
        {times.map((time, index) => (
          <g key={index}>
            <title>{[time, ...series.map((one) => sayPoint(one, index, say))].join(', ')}</title>
            <rect
              x={middle(index) - slot / 2}
              y={plot.y}
              width={slot}
              height={plot.height}
              className="fill-transparent hover:fill-hover"
            />
            {index % apart === Math.floor(apart / 2) && middle(index) + ROOM <= width ? (
              <text
                x={middle(index)}
                y={CHART_HEIGHT - 6}
                textAnchor="middle"
                className="fill-soft text-[12px] tabular-nums"
              >
                {time}
              </text>
            ) : null}
          </g>
        ))}
        {series.map((one, index) =>
          one.drawn === 'bars' ? (
            <Bars key={one.name} spans={spans[index] ?? []} bar={bar} y={y} middle={middle} look={one.look} />
          ) : (
            <Line key={one.name} values={one.values} y={y} middle={middle} look={one.look} />
          ),
        )}
      </svg>
    </div>
  )
}

const sayPoint = ({ name, values }: Series, index: number, say: (value: number) => string) => {
  const value = values[index] ?? null
  return `${name} ${value === null ? 'not measured' : say(value)}`
}

interface Placing {
  y: (value: number) => number
  middle: (index: number) => number
  look: keyof typeof LOOKS
}

function Bars({
  spans,
  bar,
  y,
  middle,
  look,
}: { spans: { from: number; to: number }[]; bar: number } & Placing) {
  return (
    <g className={classes('pointer-events-none', LOOKS[look].fill)}>
      {spans.map(({ from, to }, index) =>
        to > from ? (
          <rect
            key={index}
            x={middle(index) - bar / 2}
            y={y(to)}
            width={bar}
            height={Math.max(1, y(from) - y(to))}
            rx={bar > 6 ? 2 : 0}
          />
        ) : null,
      )}
    </g>
  )
}

/** Nothing is drawn where nothing was measured; what stands alone is a dot. */
function Line({ values, y, middle, look }: { values: (number | null)[] } & Placing) {
  const known = (index: number) => values[index] !== null && values[index] !== undefined
  const path = values
    .map((value, index) =>
      value === null
        ? ''
        : `${known(index - 1) ? 'L' : 'M'}${middle(index).toFixed(1)} ${y(value).toFixed(1)}`,
    )
    .join('')
  return (
    <g className="pointer-events-none">
      <path
        d={path}
        className={classes('fill-none', LOOKS[look].stroke)}
        strokeWidth="2"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
      {values.map((value, index) =>
        value !== null && !known(index - 1) && !known(index + 1) ? (
          <circle key={index} cx={middle(index)} cy={y(value)} r="2.5" className={LOOKS[look].fill} />
        ) : null,
      )}
    </g>
  )
}

function Figures({ title, times, series, say }: Pick<TimeChartProps, 'title' | 'times' | 'series' | 'say'>) {
  return (
    <table className="mt-2 w-full max-w-md text-left tabular-nums">
      <caption className="sr-only">{title}</caption>
      <thead className="text-xs text-soft">
        <tr>
          <th scope="col" className="py-1 font-medium">
            When
          </th>
          {series.map(({ name }) => (
            <th key={name} scope="col" className="py-1 text-right font-medium">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {times
          .map((time, index) => (
            <tr key={index} className="border-t border-line">
              <th scope="row" className="py-1 font-normal">
                {time}
              </th>
              {series.map(({ name, values }) => {
                const value = values[index] ?? null
                return (
                  <td key={name} className="text-right">
                    {value === null ? '–' : say(value)}
                  </td>
                )
              })}
            </tr>
          ))
          .toReversed()}
      </tbody>
    </table>
  )
}
