import { type CryptoKey, errors, importJWK, type JWK, type JWTHeaderParameters } from 'jose'
import { z } from 'zod'
import { type Clock, leftOf, type Span } from '#base/clock.ts'
import { oncePerKey } from '#base/once-per-key.ts'
import type { Cloud } from '#model/cloud.ts'
import { Problem } from '#model/problem.ts'
import type { Outbound } from '#outbound/open.ts'
import { send } from '#outbound/send.ts'

/** Microsoft's signing keys, remembered. */
export type Jwks = {
  /** The key that signed a token, and which issuers that key may sign for. */
  keyFor(header: JWTHeaderParameters): Promise<{ key: CryptoKey | Uint8Array; issuer: string | null }>
}

const MAX_BYTES = 1024 * 1024
const TIMEOUT_MILLISECONDS = 10_000
const FRESH_MILLISECONDS = 24 * 3_600_000
/** An unknown key id is asked about once in this time, however many forged tokens name it. */
const COOLDOWN_MILLISECONDS = 30_000
const NEVER: Span = { since: 0, milliseconds: 0 }

const keySet = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional(), issuer: z.string().optional() })),
})
type Keys = z.output<typeof keySet>['keys']

/** @see https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-signature */
export function openJwks({ cloud, outbound, clock }: { cloud: Cloud; outbound: Outbound; clock: Clock }): Jwks {
  const url = `${cloud.loginOrigin}/common/discovery/v2.0/keys`
  const inFlight = new Map<string, Promise<void>>()
  let known: Keys = []
  let fresh: Span = NEVER
  let cooling: Span = NEVER
  let failure: unknown = null

  const find = (kid: string | undefined) =>
    known.find((key) => kid !== undefined && key.kid === kid && key.kty === 'RSA')

  const load = async () => {
    const { status, text } = await send(outbound, {
      method: 'GET',
      url,
      maxBytes: MAX_BYTES,
      timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    })
    const parsed = status === 200 ? keySet.safeParse(safeJson(text)) : null
    if (!parsed?.success) throw unavailable(status)
    known = parsed.data.keys
    fresh = { since: clock.now().getTime(), milliseconds: FRESH_MILLISECONDS }
  }

  /** Whoever comes while the keys are on their way waits for them; a failure is remembered, so that nobody takes it for a forgery. */
  const refresh = async (kid: string | undefined) => {
    const now = clock.now().getTime()
    const wanted = !find(kid) || leftOf(fresh, now) === 0
    if (!inFlight.has(url) && (!wanted || leftOf(cooling, now) > 0)) return
    await oncePerKey(inFlight, url, async () => {
      cooling = { since: now, milliseconds: COOLDOWN_MILLISECONDS }
      failure = await load().then(
        () => null,
        (error: unknown) => error,
      )
    })
  }

  return {
    async keyFor({ kid }) {
      await refresh(kid)
      const found = find(kid)
      if (!found) throw failure ?? new errors.JWKSNoMatchingKey()
      return { key: await importJWK(found as JWK, 'RS256'), issuer: found.issuer ?? null }
    },
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const unavailable = (status: number) =>
  new Problem({
    code: 'UNAVAILABLE',
    owner: 'microsoft',
    message: `Microsoft’s signing keys could not be read (status ${status}).`,
    nextStep: 'Try again in a few minutes.',
    retry: 'backoff',
    confidence: 'certain',
  })
