import type { Aside, Places } from '#base/places.ts'

/** The place of one job. */
export type Place = {
  /** Comes in, into the next place that is free. */
  comeIn(): Promise<void>
  /** Goes out while something is prepared, and comes in again after that. */
  prepare: Aside
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
  const comeIn = async () => {
    await places.enter()
    isIn = true
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
    leave() {
      if (isOver) return
      isOver = true
      setPreparing(false)
      told.left()
      if (isIn) goOut()
    },
  }
}
