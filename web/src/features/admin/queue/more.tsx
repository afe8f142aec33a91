import { Button } from '#ui/button.tsx'
import { useEndNear } from './use-end-near.ts'

interface MoreProps {
  list: {
    hasNextPage: boolean
    isFetchingNextPage: boolean
    isError: boolean
    fetchNextPage: () => Promise<unknown>
  }
}

/** Stands below a list: loads its next page when it comes near, or when it is pressed. */
export function More({ list: { hasNextPage, isFetchingNextPage, isError, fetchNextPage } }: MoreProps) {
  const end = useEndNear(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage()
  })
  return (
    <div ref={end} className="flex justify-center pt-4">
      {hasNextPage ? (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      ) : null}
    </div>
  )
}
