import type { Clock } from '#base/clock.ts'

/** A clock for tests in which something waits: every pause is over at once, and its time has passed. */
export function hurriedClock(): Clock {
  let skipped = 0
  return {
    now: () => new Date(Date.now() + skipped),
    async sleep(milliseconds, signal) {
      signal?.throwIfAborted()
      skipped += milliseconds
    },
  }
}
