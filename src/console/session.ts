import type { Context } from 'hono'
import { z } from 'zod'
import type { Clock } from '#base/clock.ts'
import type { Operator, SignInTicket } from '#model/administrator.ts'
import { parseObjectId } from '#model/ids.ts'
import { openSeal, type SealedCookie } from '#pages/sealed-cookie.ts'

const MINUTE = 60_000
/** An operator who does nothing for so long has left the desk. */
const IDLE_MINUTES = 60
/** After a working day the role is asked for anew. */
const LONGEST_MINUTES = 8 * 60
/** How often the time of the last sign of life is written. */
const RENEW_MILLISECONDS = MINUTE
const TICKET_MINUTES = 15
const FLASH_MINUTES = 2

/** Who is signed in. No token is kept: the console needs none. */
export type Session = { operator: Operator; signedInAt: Date; seenAt: Date }
/** A trip to Microsoft, and the page that it began from. */
export type Trip = { ticket: SignInTicket; returnTo: string }
/** What an action did, told on the next page. */
export type Flash = { tone: 'success' | 'warning' | 'danger'; title: string; text: string }

export type Sessions = {
  /** Null for nobody. Keeps the session alive on the way. */
  current(c: Context): Promise<Session | null>
  begin(c: Context, operator: Operator): Promise<void>
  end(c: Context): void
  trip: SealedCookie<Trip>
  tell(c: Context, flash: Flash): Promise<void>
  /** Once. */
  told(c: Context): Promise<Flash | null>
}

const operator = z.object({
  objectId: z.string().transform((text, context) => {
    const id = parseObjectId(text)
    if (id) return id
    context.addIssue({ code: 'custom', message: 'must be a GUID' })
    return z.NEVER
  }),
  name: z.string(),
  username: z.string(),
})
const session = z.object({ operator, signedInAt: z.coerce.date(), seenAt: z.coerce.date() })
const trip = z.object({
  ticket: z.object({ state: z.string(), nonce: z.string(), verifier: z.string() }),
  returnTo: z.string(),
})
const flash = z.object({ tone: z.enum(['success', 'warning', 'danger']), title: z.string(), text: z.string() })

/**
 * A page that looks by itself how things stand is no sign of life. Browsers say what a person has gone to or sent.
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header
 */
const isSomebody = (c: Context): boolean => ['navigate', undefined].includes(c.req.header('sec-fetch-mode'))

export function openSessions({ key, https, clock }: { key: Uint8Array; https: boolean; clock: Clock }): Sessions {
  const seal = openSeal({ key, https, clock })
  const sessions = seal<Session>('operator', IDLE_MINUTES, session)
  const flashes = seal<Flash>('flash', FLASH_MINUTES, flash)
  const age = (since: Date) => clock.now().getTime() - since.getTime()

  return {
    trip: seal<Trip>('operator-sign-in', TICKET_MINUTES, trip),
    async current(c) {
      const found = await sessions.read(c)
      if (!found || age(found.signedInAt) > LONGEST_MINUTES * MINUTE) return null
      if (isSomebody(c) && age(found.seenAt) > RENEW_MILLISECONDS)
        await sessions.write(c, { ...found, seenAt: clock.now() })
      return found
    },
    begin: (c, operator) => sessions.write(c, { operator, signedInAt: clock.now(), seenAt: clock.now() }),
    end(c) {
      sessions.drop(c)
      flashes.drop(c)
    },
    tell: (c, message) => flashes.write(c, message),
    async told(c) {
      const message = await flashes.read(c)
      if (message) flashes.drop(c)
      return message
    },
  }
}
