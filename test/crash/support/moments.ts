/** The nth time that something of this name has happened outside the process, before the process hears of it. */
export type Moment = { name: string; nth: number }

/** Tells what happens while a process works, and stops the world at one moment of it. */
export type Moments = {
  /** Something has happened. @returns whether the process may hear of it */
  happened(name: string): boolean
  /** Begins to count. @param options.until the moment after which nothing is heard any more */
  watch(options?: { until?: Moment; stop?: () => void }): void
  /** Nothing is counted any more. */
  rest(): void
  /** Everything since `watch`, in order. */
  seen(): Moment[]
}

export function openMoments(): Moments {
  let watching = false
  let seen: Moment[] = []
  let counts = new Map<string, number>()
  let stopping: { until?: Moment; stop?: () => void } = {}
  let over = false
  return {
    happened(name) {
      if (!watching) return true
      if (over) return false
      const nth = (counts.get(name) ?? 0) + 1
      counts.set(name, nth)
      seen.push({ name, nth })
      if (stopping.until?.name !== name || stopping.until.nth !== nth) return true
      over = true
      stopping.stop?.()
      return false
    },
    watch(options = {}) {
      watching = true
      over = false
      seen = []
      counts = new Map()
      stopping = options
    },
    rest() {
      watching = false
      over = false
    },
    seen: () => seen,
  }
}
