/** Does the waiting, and lets somebody else have the place meanwhile. */
export type Aside = <Value>(wait: () => Promise<Value>) => Promise<Value>

/** So many may work at a time; whoever only waits for something leaves, and comes in again where the next place is free. */
export type Places = {
  /** How many more may come in. None while somebody waits to come in. */
  free(): number
  /** How many have come in and wait for a place, for the first time or again. */
  waiting(): number
  /** Comes in, into the next place that is free. */
  enter(): Promise<void>
  leave(): void
}

/** @param freed is called whenever a place may have become free */
export function openPlaces(count: number, freed: () => void): Places {
  const waiting: (() => void)[] = []
  let taken = 0

  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else taken -= 1
    freed()
  }
  const enter = (): Promise<void> => {
    if (taken >= count) return new Promise((resolve) => waiting.push(resolve))
    taken += 1
    return Promise.resolve()
  }
  return {
    free: () => (waiting.length > 0 ? 0 : count - taken),
    waiting: () => waiting.length,
    enter,
    leave,
  }
}
