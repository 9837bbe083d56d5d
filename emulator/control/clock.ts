import { z } from 'zod'
import type { Clock } from '#emulator/clock.ts'

const amount = z.number().default(0)

/** How far to turn the clock; a negative figure turns it back. */
export const durationSchema = z.strictObject({ days: amount, hours: amount, minutes: amount, seconds: amount })
export type Duration = z.input<typeof durationSchema>

/** A time that nothing could be dated with, or none at all. */
export class ClockError extends Error {}

/** @throws ClockError */
export const advanceClock = (clock: Clock, duration: Duration): void => {
  const parsed = durationSchema.safeParse(duration)
  if (!parsed.success) throw new ClockError('days, hours, minutes and seconds are numbers')
  const { days, hours, minutes, seconds } = parsed.data
  turn(clock, ((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}

/**
 * From now on it is this time, and goes on from there.
 * @throws ClockError
 */
export const setClock = (clock: Clock, to: Date): void => turn(clock, (to.getTime() - clock.now().getTime()) / 1000)

/** Years of four figures, as everywhere in tokens and in Graph. */
const [EARLIEST, LATEST] = [Date.UTC(1970), Date.UTC(9990)]

function turn(clock: Clock, seconds: number): void {
  const to = clock.now().getTime() + seconds * 1000
  if (!(to >= EARLIEST && to < LATEST)) throw new ClockError('the clock goes from 1970 to 9989')
  clock.advance(seconds)
}
