import { subscribe } from 'node:diagnostics_channel'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { Clock } from '#base/clock.ts'

/** A clock that leaps to the next who wakes, as soon as nobody does anything but wait. */
export type LeapingClock = Clock & {
  /** Told of every leap, in milliseconds: whoever has a clock of his own turns it as far. */
  follow(follower: (milliseconds: number) => void): void
  /** Turns the hands forward. */
  pass(milliseconds: number): void
  /** How long everybody wanted to wait, in order, in milliseconds. */
  pauses: number[]
}

/** Requests of this process that are still to be answered. @see https://undici.nodejs.org/#/docs/api/DiagnosticsChannel */
const underWay = new Set<unknown>()
const requestOf = (message: unknown) => (message as { request: unknown }).request
subscribe('undici:request:create', (message) => underWay.add(requestOf(message)))
for (const end of ['undici:request:trailers', 'undici:request:error'])
  subscribe(end, (message) => underWay.delete(requestOf(message)))

/** So long nothing may begin to wait before everybody is taken to be waiting. It is no measure of anything. */
const STILL_MILLISECONDS = 15

export function leapingClock(): LeapingClock {
  const sleepers = new Map<() => void, number>()
  const followers: ((milliseconds: number) => void)[] = []
  const pauses: number[] = []
  let turned = 0
  let stillness: NodeJS.Timeout | null = null
  const now = () => Date.now() + turned

  const listen = () => {
    if (stillness) clearTimeout(stillness)
    stillness = setTimeout(() => void leap(), STILL_MILLISECONDS)
  }
  /** What has already come in is heard first: an answer on its way may make somebody begin to wait. */
  const leap = async () => {
    const heard = pauses.length
    for (let turn = 0; turn < 3; turn++) await turnOfTheLoop()
    if (pauses.length !== heard || sleepers.size === 0) return
    if (underWay.size > 0) return listen()
    pass(Math.max(0, Math.min(...sleepers.values()) - now()))
    if (sleepers.size > 0) listen()
  }
  const pass = (milliseconds: number) => {
    turned += milliseconds
    for (const follower of followers) follower(milliseconds)
    for (const [wake, at] of sleepers) if (at <= now()) wake()
  }
  return {
    pass,
    pauses,
    follow: (follower) => void followers.push(follower),
    now: () => new Date(now()),
    turnedMilliseconds: () => turned,
    turned: (moment) => new Date(moment.getTime() + turned),
    sleep(milliseconds, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason)
      pauses.push(milliseconds)
      return new Promise((resolve, reject) => {
        const wake = () => {
          sleepers.delete(wake)
          signal?.removeEventListener('abort', giveUp)
          resolve()
        }
        const giveUp = () => {
          sleepers.delete(wake)
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', giveUp, { once: true })
        sleepers.set(wake, now() + milliseconds)
        listen()
      })
    },
  }
}
