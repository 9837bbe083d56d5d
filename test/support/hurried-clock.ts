import type { Clock } from '#base/clock.ts'

/** A clock for tests in which something waits: every pause is over at once, and its time has passed. */
export type HurriedClock = Clock & {
  /** Turns the hands forward. */
  pass(milliseconds: number): void
}

export function hurriedClock(): HurriedClock {
  let skipped = 0
  return {
    now: () => new Date(Date.now() + skipped),
    async sleep(milliseconds, signal) {
      signal?.throwIfAborted()
      skipped += milliseconds
    },
    turnedMilliseconds: () => skipped,
    turned: (moment) => new Date(moment.getTime() + skipped),
    pass(milliseconds) {
      skipped += milliseconds
    },
  }
}
