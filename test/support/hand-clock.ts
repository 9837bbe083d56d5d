import type { Clock } from '#base/clock.ts'

/** A clock whose hands a test turns; sleepers wake when the hands pass their time. */
export type HandClock = Clock & {
  /** Turns the hands forward. */
  pass(milliseconds: number): void
  /** How many wait for the hands to move. */
  sleepers(): number
}

export const SECOND = 1_000
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export function handClock(start = new Date('2026-03-02T08:00:00Z')): HandClock {
  let now = start.getTime()
  const waiting = new Map<() => void, number>()
  return {
    now: () => new Date(now),
    sleep(milliseconds, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason)
      return new Promise((resolve, reject) => {
        const wake = () => {
          waiting.delete(wake)
          signal?.removeEventListener('abort', giveUp)
          resolve()
        }
        const giveUp = () => {
          waiting.delete(wake)
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', giveUp, { once: true })
        waiting.set(wake, now + milliseconds)
      })
    },
    pass(milliseconds) {
      now += milliseconds
      for (const [wake, at] of waiting) if (at <= now) wake()
    },
    sleepers: () => waiting.size,
    turnedMilliseconds: () => now - start.getTime(),
    turned: () => new Date(now),
  }
}
