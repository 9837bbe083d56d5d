import { z } from 'zod'
import type { Clock } from '#emulator/clock.ts'

const amount = z.number().default(0)

/** How far to turn the clock; a negative figure turns it back. */
export const durationSchema = z.strictObject({ days: amount, hours: amount, minutes: amount, seconds: amount })
export type Duration = z.input<typeof durationSchema>

export const advanceClock = (clock: Clock, duration: Duration): void => {
  const { days, hours, minutes, seconds } = durationSchema.parse(duration)
  clock.advance(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}

/** From now on it is this time, and goes on from there. */
export const setClock = (clock: Clock, to: Date): void => clock.advance((to.getTime() - clock.now().getTime()) / 1000)
