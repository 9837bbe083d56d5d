/** Does the waiting, and lets somebody else have the place meanwhile. */
export type Aside = (wait: () => Promise<void>) => Promise<void>

/** So many may work at a time; whoever only waits for something gives his place away and comes back to the next free one. */
export type Places = {
  /** How many more may come in. None while somebody waits to come back. */
  free(): number
  /** Only where one is free. */
  enter(): void
  leave(): void
  aside: Aside
}

/** @param freed is called whenever a place may have become free */
export function openPlaces(count: number, freed: () => void): Places {
  const comingBack: (() => void)[] = []
  let taken = 0

  const leave = () => {
    const next = comingBack.shift()
    if (next) return next()
    taken -= 1
    freed()
  }
  const comeBack = (): Promise<void> => {
    if (taken >= count) return new Promise((resolve) => comingBack.push(resolve))
    taken += 1
    return Promise.resolve()
  }
  return {
    free: () => (comingBack.length > 0 ? 0 : count - taken),
    enter: () => {
      taken += 1
    },
    leave,
    async aside(wait) {
      leave()
      try {
        await wait()
      } finally {
        await comeBack()
      }
    },
  }
}
