import type { Batch } from '#api/types.ts'

/** What became of its jobs, as parts of a bar. The same stands beside it in words. */
export function Progress({ batch: { total, done, failed, cancelled } }: { batch: Batch }) {
  const width = (number: number) => `${total > 0 ? (number / total) * 100 : 0}%`
  return (
    <span aria-hidden className="flex h-2 w-full overflow-hidden rounded-full bg-line">
      <span className="bg-accent" style={{ width: width(done) }} />
      <span className="bg-danger" style={{ width: width(failed) }} />
      <span className="bg-edge" style={{ width: width(cancelled) }} />
    </span>
  )
}
