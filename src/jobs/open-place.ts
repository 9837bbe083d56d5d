import type { Aside, Places } from '#base/places.ts'

/** The place of one job. */
export type Place = {
  /** Comes in, into the next place that is free. */
  comeIn(): Promise<void>
  /** Goes out while something is prepared, and comes in again after that. */
  prepare: Aside
  /**
   * Goes out while something is waited for. A job that waits for several things at once has one place all the same: it
   * goes out with the first of them, and whichever is there first brings it in again.
   */
  aside: Aside
  /** Goes out for good, wherever it is; once. */
  leave(): void
}

/**
 * @param told.prepares by how much the number of jobs that are being prepared has changed
 * @param told.left it has gone out for good
 * @param prepares whether it is prepared before it first comes in: it is counted from now on
 */
export function openPlace(
  places: Places,
  told: { prepares(by: 1 | -1): void; left(): void },
  prepares: boolean,
): Place {
  let isIn = false
  let isPreparing = false
  let isOver = false
  const setPreparing = (now: boolean) => {
    if (now !== isPreparing) told.prepares(now ? 1 : -1)
    isPreparing = now
  }
  const goOut = () => {
    isIn = false
    places.leave()
  }
  let coming: Promise<void> | null = null
  const comeIn = (): Promise<void> => {
    coming ??= places.enter().then(() => {
      coming = null
      isIn = true
      if (isOver) goOut()
    })
    return coming
  }
  setPreparing(prepares)
  return {
    comeIn,
    async prepare(wait) {
      setPreparing(true)
      if (isIn) goOut()
      try {
        return await wait()
      } finally {
        setPreparing(false)
        await comeIn()
      }
    },
    async aside(wait) {
      if (isIn) goOut()
      try {
        return await wait()
      } finally {
        if (!isIn && !isOver) await comeIn()
      }
    },
    leave() {
      if (isOver) return
      isOver = true
      setPreparing(false)
      told.left()
      if (isIn) goOut()
    },
  }
}
