import type { Clock } from '#base/clock.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'

/** A clock on which nobody waits, and which remembers how long everybody wanted to. */
export type RecordingClock = Clock & { /** In milliseconds, in order. */ pauses: number[] }

export function recordingClock(): RecordingClock {
  const clock = hurriedClock()
  const pauses: number[] = []
  return {
    now: clock.now,
    sleep(milliseconds, signal) {
      pauses.push(milliseconds)
      return clock.sleep(milliseconds, signal)
    },
    pauses,
  }
}
