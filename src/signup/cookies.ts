import { z } from 'zod'
import type { Clock } from '#base/clock.ts'
import type { Config } from '#config.ts'
import type { AdministratorStep, SignUpTicket } from '#model/administrator.ts'
import { type ObjectId, parseObjectId, parseSignUpId, parseTenantId, type SignUpId, type TenantId } from '#model/ids.ts'
import { openSeal, type SealedCookie } from '#pages/sealed-cookie.ts'

/** Who watches the first users arrive. Holds no token. */
export type Watcher = {
  signUpId: SignUpId
  account: { tenantId: TenantId; objectId: ObjectId; name: string; username: string }
}
/** What the latest look by hand has found, carried over one redirect; `looked` is false where it found nothing out. */
export type CheckResult = { looked: boolean; missing: readonly string[]; message: string | null }

export type SignUpCookies = {
  ticket: SealedCookie<SignUpTicket>
  /** Holds the administrator's access token; dropped as soon as the tenant is connected. */
  step: SealedCookie<AdministratorStep>
  watcher: SealedCookie<Watcher>
  check: SealedCookie<CheckResult>
}

/** Who comes back this much too late is told so; later still, the browser has forgotten that it began. */
const LATE_MINUTES = 60
/** Microsoft's access tokens live 60 to 90 minutes; the step never outlives the shortest. */
const STEP_MINUTES = 60
const WATCHER_MINUTES = 240

const id = <Id>(parse: (text: unknown) => Id | null) =>
  z.unknown().transform((text, context) => {
    const parsed = parse(text)
    if (parsed !== null) return parsed
    context.addIssue({ code: 'custom', message: 'not an id' })
    return z.NEVER
  })
const person = { tenantId: id(parseTenantId), objectId: id(parseObjectId), name: z.string(), username: z.string() }
const signUpId = id(parseSignUpId)
const words = z.array(z.string())

const ticket = z.object({
  signUpId,
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  invitedTenantId: id(parseTenantId).nullable(),
})
const step = z.object({
  signUpId,
  account: z.object({ ...person, directoryRoles: words, appRoles: words }),
  token: z.object({ tenantId: id(parseTenantId), value: z.string(), expiresAt: z.coerce.date(), scopes: words }),
})
const watcher = z.object({ signUpId, account: z.object(person) })
const check = z.object({ looked: z.boolean(), missing: words, message: z.string().nullable() })

export function openSignUpCookies(config: Config, key: Uint8Array, clock: Clock): SignUpCookies {
  const https = config.publicUrl.startsWith('https:')
  const open = openSeal({ key, https, clock })
  return {
    ticket: open<SignUpTicket>('sign-up-ticket', config.signUpValidMinutes + LATE_MINUTES, ticket),
    step: open<AdministratorStep>('sign-up-step', STEP_MINUTES, step),
    watcher: open<Watcher>('sign-up-watcher', WATCHER_MINUTES, watcher),
    check: open<CheckResult>('sign-up-check', 1, check),
  }
}
