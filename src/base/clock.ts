import { setTimeout as wait } from 'node:timers/promises'

/** Where time comes from, so that a test can turn the hands. Who goes by the machine's own stands in test/architecture.test.ts. */
export type Clock = {
  now(): Date
  /** Resolves after `milliseconds`; rejects with the signal's reason when it is aborted first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
  /** How far a test has turned the hands; without it they were never touched. The database's clock is to go along. */
  turnedMilliseconds?(): number
  /** What another clock, which shows this moment, would show if the test had turned it as well. */
  turned?(moment: Date): Date
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (milliseconds, signal) => {
    await wait(milliseconds, undefined, signal ? { signal } : {})
  },
}

/** What lasts for so long from a moment on. */
export type Span = { since: number; milliseconds: number }

/** How much of it is left. Nothing where it has not begun: then the clock was put back, and nobody knows how far. */
export const leftOf = ({ since, milliseconds }: Span, now: number): number =>
  now < since ? 0 : Math.max(0, since + milliseconds - now)
