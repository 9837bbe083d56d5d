import { createHash } from 'node:crypto'
import { decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Entra } from '#entra/open.ts'
import type { Account } from '#model/administrator.ts'
import { issuerOf } from '#model/cloud.ts'
import { PERSONAL_ACCOUNTS, parseObjectId, parseTenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'

const CLOCK_SKEW_SECONDS = 300

const claims = z.object({
  tid: z.string(),
  oid: z.string(),
  sub: z.string().min(1),
  nonce: z.string(),
  iat: z.number(),
  ver: z.literal('2.0'),
  azp: z.string().optional(),
  at_hash: z.string().optional(),
  c_hash: z.string().optional(),
  name: z.string().default(''),
  preferred_username: z.string().default(''),
  wids: z.array(z.string()).default([]),
  roles: z.array(z.string()).default([]),
})

/** What it came with; what it says of code and access token has to fit, where it says something. */
type Expected = { nonce: string; accessToken?: string; code?: string }

/**
 * Everything that MSAL Node leaves to us: RS256 by a published key that may sign for this issuer, the exact issuer built
 * from a GUID tenant id, our client id as the only audience, the nonce of this sign-in, and the times.
 * @see https://learn.microsoft.com/entra/identity-platform/id-tokens#validate-tokens
 * @see OpenID Connect Core 1.0, section 3.1.3.7
 * @throws Problem ID_TOKEN_INVALID, PERSONAL_ACCOUNT
 */
export async function validateIdToken(entra: Entra, idToken: string, expected: Expected): Promise<Account> {
  const { payload, keyIssuer } = await verify(entra, idToken)
  const parsed = claims.safeParse(payload)
  if (!parsed.success) throw invalid('a claim is missing or has another shape')
  const { tid, oid, nonce, iat, azp, at_hash, c_hash, name, preferred_username, wids, roles } = parsed.data

  const tenantId = parseTenantId(tid)
  const objectId = parseObjectId(oid)
  if (!tenantId || !objectId) throw invalid('the tenant id or the object id is not a GUID')
  if (tenantId === PERSONAL_ACCOUNTS) throw personalAccount()
  const issuer = issuerOf(entra.cloud, tenantId)
  if (payload.iss !== issuer) throw invalid('the issuer is not that of the tenant')
  if (keyIssuer !== null && keyIssuer.replace('{tenantid}', tenantId) !== issuer)
    throw invalid('the key may not sign for this issuer')
  if (payload.aud !== entra.clientId) throw invalid('it was made for another application')
  if (azp !== undefined && azp !== entra.clientId) throw invalid('it was made for another application')
  if (at_hash !== undefined && at_hash !== halfHash(expected.accessToken ?? ''))
    throw invalid('it belongs to another access token')
  if (c_hash !== undefined && c_hash !== halfHash(expected.code ?? '')) throw invalid('it belongs to another code')
  if (nonce !== expected.nonce) throw invalid('it does not belong to this sign-in')
  if (iat > entra.clock.now().getTime() / 1000 + CLOCK_SKEW_SECONDS) throw invalid('it was issued in the future')
  return { tenantId, objectId, name, username: preferred_username, directoryRoles: wids, appRoles: roles }
}

async function verify({ jwks, clock }: Entra, idToken: string) {
  try {
    const header = decodeProtectedHeader(idToken)
    if (header.alg !== 'RS256') throw invalid('it is not signed with RS256')
    const { key, issuer } = await jwks.keyFor({ ...header, alg: 'RS256' })
    const { payload } = await jwtVerify(idToken, key, {
      algorithms: ['RS256'],
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: clock.now(),
      requiredClaims: ['exp', 'iat', 'iss', 'aud', 'nonce'],
    })
    return { payload, keyIssuer: issuer }
  } catch (error) {
    if (error instanceof Problem) throw error
    if (error instanceof errors.JWTExpired) throw invalid('it has expired', error)
    if (error instanceof errors.JWTClaimValidationFailed) throw invalid(`its claim ${error.claim} does not hold`, error)
    throw invalid('its signature does not hold', error)
  }
}

/** @see OpenID Connect Core 1.0, sections 3.1.3.6 and 3.3.2.11 */
const halfHash = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')

const invalid = (why: string, cause?: unknown) =>
  new Problem(
    {
      code: 'ID_TOKEN_INVALID',
      owner: 'operator',
      message: `The ID token was refused: ${why}.`,
      nextStep: 'Start again. If it happens again, somebody may be in the middle: report it.',
      retry: 'never',
      confidence: 'certain',
    },
    cause === undefined ? {} : { cause },
  )

const personalAccount = () =>
  new Problem({
    code: 'PERSONAL_ACCOUNT',
    owner: 'customer-administrator',
    message: 'You signed in with a personal Microsoft account.',
    nextStep: 'Start again with the work account of an administrator of your organisation.',
    retry: 'never',
    confidence: 'certain',
  })
