/** The emulator's time: the machine's, moved forward by hand through the control API. */
export type Clock = {
  now(): Date
  /** Whole seconds since 1970, as tokens want it. */
  seconds(): number
  advance(seconds: number): void
  /** How far it has been turned, in seconds. */
  offset(): number
  reset(): void
}

export function openClock(): Clock {
  let turned = 0
  const now = () => new Date(Date.now() + turned * 1000)
  return {
    now,
    seconds: () => Math.floor(now().getTime() / 1000),
    advance: (seconds) => {
      turned += seconds
    },
    offset: () => turned,
    reset: () => {
      turned = 0
    },
  }
}
