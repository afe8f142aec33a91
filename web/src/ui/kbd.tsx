import { keyCaps } from '#lib/hotkeys.ts'
import { classes } from '#lib/classes.ts'

/** The keys of a shortcut as small caps. Decorative: the label next to them says what they do. */
export function Keys({ keys, className }: { keys: string; className?: string }) {
  return (
    <span aria-hidden className={classes('inline-flex items-center gap-0.5 touch:hidden', className)}>
      {keyCaps(keys).map((cap, index) =>
        cap === 'then' ? (
          <span key={index} className="px-0.5 text-[11px] text-soft">
            then
          </span>
        ) : (
          <kbd
            key={index}
            className="min-w-4.5 rounded border border-line bg-sheet px-1 text-center font-sans text-[11px] leading-4 text-soft"
          >
            {cap}
          </kbd>
        ),
      )}
    </span>
  )
}
