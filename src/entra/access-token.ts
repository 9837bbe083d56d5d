import { decodeProtectedHeader, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Entra } from '#entra/open.ts'
import { issuerOf } from '#model/cloud.ts'
import { type ClientId, type ObjectId, parseClientId, parseObjectId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'

/** Who calls our own API: a person through some client, or a program as itself. */
export type ApiCaller = {
  objectId: ObjectId
  /** The client that asked for the token. */
  client: ClientId
  /** Empty for a program. */
  name: string
  username: string
  /** App roles of our own application that the caller holds. */
  roles: readonly string[]
}

const CLOCK_SKEW_SECONDS = 300

/** An ID token names the same audience and issuer and may carry roles too; `azp` stands in access tokens only. */
const claims = z.object({
  aud: z.string(),
  tid: z.string(),
  oid: z.string(),
  azp: z.string(),
  ver: z.literal('2.0'),
  name: z.string().default(''),
  preferred_username: z.string().default(''),
  roles: z.array(z.string()).default([]),
})

/**
 * Reads an access token that was made for our own API in the home tenant.
 * @returns null for whatever is not exactly that
 * @throws Problem when Microsoft’s keys cannot be read
 * @see https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens
 */
export async function readAccessToken(entra: Entra, token: string): Promise<ApiCaller | null> {
  const { homeTenantId, clientId } = entra
  const parsed = claims.safeParse(await payloadOf(entra, token))
  if (!parsed.success) return null
  const { aud, tid, oid, azp, name, preferred_username, roles } = parsed.data
  const objectId = parseObjectId(oid)
  const client = parseClientId(azp)
  if (aud !== clientId || tid !== homeTenantId || !objectId || !client) return null
  return { objectId, client, name, username: preferred_username, roles }
}

/** Null when the signature, the issuer, the audience or the times do not hold. */
async function payloadOf({ jwks, clock, cloud, homeTenantId, clientId }: Entra, token: string): Promise<unknown> {
  const issuer = issuerOf(cloud, homeTenantId)
  try {
    const header = decodeProtectedHeader(token)
    if (header.alg !== 'RS256') return null
    const { key, issuer: keyIssuer } = await jwks.keyFor({ ...header, alg: 'RS256' })
    if (keyIssuer !== null && keyIssuer.replace('{tenantid}', homeTenantId) !== issuer) return null
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['RS256'],
      issuer,
      audience: clientId,
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: clock.now(),
      requiredClaims: ['exp', 'iat', 'nbf'],
    })
    return payload
  } catch (error) {
    if (error instanceof Problem) throw error
    return null
  }
}
