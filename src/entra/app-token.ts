import { inspect } from 'node:util'
import { z } from 'zod'
import { oncePerKey } from '#base/once-per-key.ts'
import { readGraphToken } from '#entra/graph-token.ts'
import { withClient } from '#entra/msal.ts'
import type { Entra } from '#entra/open.ts'
import { type ObjectId, parseObjectId, type TenantId } from '#model/ids.ts'
import { diagnose, Problem, type ProblemCode } from '#model/problem.ts'
import { inSpan } from '#telemetry/open.ts'

/** An app-only access token of Microsoft Graph for one tenant. Prints and serialises without its value. */
export type AppToken = {
  tenantId: TenantId
  readonly value: string
  expiresAt: Date
  /** Application permissions that the token carries. */
  roles: readonly string[]
  /** Our service principal in that tenant. */
  servicePrincipalId: ObjectId
  claims: Readonly<Record<string, unknown>>
}

const claimsOfAppToken = z.looseObject({
  tid: z.string(),
  oid: z.string(),
  roles: z.array(z.string()).default([]),
})

export type TokenWish = {
  /** Past the cache: a token is a snapshot, and a role granted since shows in a new one only. */
  fresh?: boolean
  /** JSON that a claims challenge asked for; it goes to Entra ID as it is. */
  claims?: string
}

/** A token is renewed early. While nobody answers it serves on, but not for a request that would arrive after its end. */
const LAST_USE_MILLISECONDS = 30_000
/** Meanwhile Entra ID is asked again after so long, unless it says how long it wants to be left alone. */
const NEXT_TRY_MILLISECONDS = 10_000
const NO_ANSWER: readonly ProblemCode[] = ['NETWORK', 'UNAVAILABLE', 'THROTTLED', 'ANSWER_UNREADABLE']

/**
 * A token for one tenant: from the cache, or from Entra ID with the app's own credential; however many ask at the same
 * time, one request leaves.
 * @throws Problem TOKEN_OF_OTHER_TENANT, SERVICE_PRINCIPAL_MISSING, CLIENT_SECRET_EXPIRED and whatever Entra ID answers
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export function appToken(
  entra: Entra,
  tenantId: TenantId,
  { fresh = false, claims }: TokenWish = {},
): Promise<AppToken> {
  const cached = fresh ? null : entra.tokens.get(tenantId, entra.clock.now().getTime())
  if (cached) return cached
  if (claims) return oncePerKey(entra.acquiring, `${tenantId} ${claims}`, () => acquire(entra, tenantId, claims))
  const again = () => oncePerKey(entra.acquiring, tenantId, () => acquire(entra, tenantId))
  if (!fresh) return again().catch((error: unknown) => lastToken(entra, tenantId, error))
  // A token that is under way already was asked for before the caller knew of the change that he wants to see.
  const underWay = entra.acquiring.get(tenantId)
  return underWay ? underWay.then(again, again) : again()
}

/** @throws what came of the renewal, unless it came of nothing and the token that was to be renewed is still good */
async function lastToken({ tokens, clock }: Entra, tenantId: TenantId, error: unknown): Promise<AppToken> {
  const { code, retryAfterSeconds } = diagnose(error)
  const kept = NO_ANSWER.includes(code) ? tokens.last(tenantId) : null
  const token = await kept
  const now = clock.now().getTime()
  const lastUse = token ? token.expiresAt.getTime() - LAST_USE_MILLISECONDS : 0
  if (!token || lastUse <= now) throw error
  const pause = retryAfterSeconds === undefined ? NEXT_TRY_MILLISECONDS : retryAfterSeconds * 1_000
  if (tokens.last(tenantId) === kept) tokens.putOff(tenantId, Math.min(now + pause, lastUse))
  return token
}

/** After consent was lost, so that nothing goes on with a token from before. */
export const forgetTenant = ({ tokens }: Pick<Entra, 'tokens'>, tenantId: TenantId): void => tokens.delete(tenantId)

async function acquire(entra: Entra, tenantId: TenantId, claims?: string): Promise<AppToken> {
  try {
    const token = await inSpan(
      'token',
      () => ({ 'tenantry.tenant': tenantId }),
      async () => guard(entra, tenantId, await request(entra, tenantId, claims)),
    )
    entra.telemetry?.tokenAsked('issued')
    entra.tokens.set(token)
    return token
  } catch (error) {
    entra.telemetry?.tokenAsked(diagnose(error).code)
    throw error
  }
}

const request = (entra: Entra, tenantId: TenantId, claims: string | undefined) =>
  withClient(entra, tenantId, async (client) => {
    const result = await client.acquireTokenByClientCredential({
      scopes: [`${entra.cloud.graphResource}/.default`],
      // Nothing can be in the cache of a client that was made for this one question.
      skipCache: true,
      ...(claims ? { claims } : {}),
    })
    if (!result?.accessToken) throw withoutToken()
    return result
  })

/**
 * The tenant guard: whatever came back is used only if it says that it is for this tenant, this app and Graph. Wrong
 * tokens have been seen in the field (MSAL.NET issue 5743).
 */
function guard(
  entra: Entra,
  tenantId: TenantId,
  { accessToken, expiresOn }: { accessToken: string; expiresOn: Date | null },
): AppToken {
  const claims = claimsOfAppToken.safeParse(readGraphToken(entra, accessToken)).data
  const servicePrincipalId = parseObjectId(claims?.oid)
  if (claims?.tid !== tenantId || !servicePrincipalId) throw refused(tenantId)
  const token: Omit<AppToken, 'value'> = {
    tenantId,
    expiresAt: expiresOn ?? entra.clock.now(),
    roles: claims.roles,
    servicePrincipalId,
    claims,
  }
  return Object.defineProperties(token, {
    value: { value: accessToken, enumerable: false },
    [inspect.custom]: { value: () => `AppToken of ${tenantId}`, enumerable: false },
  }) as AppToken
}

/** Nothing came that could belong to somebody else. */
const withoutToken = () =>
  new Problem({
    code: 'ANSWER_UNREADABLE',
    owner: 'microsoft',
    message: 'Microsoft Entra ID sent an answer with neither a token nor an error in it.',
    nextStep: 'It is tried again later by itself.',
    retry: 'backoff',
    confidence: 'certain',
  })

const refused = (tenantId: TenantId) =>
  new Problem({
    code: 'TOKEN_OF_OTHER_TENANT',
    owner: 'operator',
    message: `A token that came back for tenant ${tenantId} was not for that tenant, this app and Microsoft Graph.`,
    nextStep:
      'It was thrown away and nothing was read. Look in the log of that moment for what stands between us and Microsoft, such as a proxy, and report it to Microsoft’s support at once: it must never happen.',
    retry: 'never',
    confidence: 'certain',
  })
