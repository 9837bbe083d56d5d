import { compactVerify, importJWK, type JWK, type JWTPayload, type ProtectedHeaderParameters } from 'jose'
import { z } from 'zod'
import type { Application, FederatedCredential } from '#emulator/directory/types.ts'
import { checkForm, checkTimes, secondsIn } from '#emulator/entra/clients/assertion.ts'
import type { AuthenticatedClient } from '#emulator/entra/clients/client-authentication.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { World } from '#emulator/world.ts'

const PATIENCE_MILLISECONDS = 5_000
/** A day and an hour. */
const LONGEST_SECONDS = 25 * 3600

/**
 * Another issuer's token instead of a secret: issuer, subject and audience exactly as registered, the signature by the
 * issuer's published keys, good now, and not for long.
 * @throws EntraError 70025, 700211, 700212, 700213 for what does not match, 50166, 900612 for an issuer that does not answer,
 * 7000272, 50013 for a signature that does not hold, 700229 for a token of a user, 70023 for one that lives too long, and what
 * `checkForm` and `checkTimes` throw
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation
 */
export async function byFederation(
  world: World,
  application: Application,
  assertion: string,
): Promise<AuthenticatedClient> {
  const { header, claims } = checkForm(assertion)
  const { issuer } = matching(application, claims)
  const isOurs = issuer.startsWith(`${world.origins.https}/`)
  const published = isOurs
    ? world.keys.published().map(({ kid, publicJwk }) => ({ ...publicJwk, kid }))
    : await publishedBy(issuer)
  await verify(assertion, header, issuer, published)
  if (isOurs && claims.scp !== undefined) throw new EntraError(700229)
  if (!isOurs) checkLifetime(claims)
  checkTimes(claims, world.clock.now())
  return { application, acr: '2' }
}

function matching({ appId, displayName, federatedCredentials }: Application, claims: JWTPayload): FederatedCredential {
  if (federatedCredentials.length === 0) throw new EntraError(70025, appId, displayName)
  const ofIssuer = federatedCredentials.filter(({ issuer }) => issuer === claims.iss)
  if (ofIssuer.length === 0) throw new EntraError(700211, String(claims.iss))
  const ofSubject = ofIssuer.filter(({ subject }) => subject === claims.sub)
  if (ofSubject.length === 0) throw new EntraError(700213, String(claims.sub))
  const shown = [claims.aud].flat()
  const match = ofSubject.find(({ audiences }) => audiences.some((audience) => shown.includes(audience)))
  if (!match) throw new EntraError(700212, shown.join(', '))
  return match
}

async function verify(
  assertion: string,
  { kid, x5t, alg }: ProtectedHeaderParameters,
  issuer: string,
  published: readonly JWK[],
): Promise<void> {
  const key = published.find((jwk) => (kid !== undefined && jwk.kid === kid) || (x5t !== undefined && jwk.x5t === x5t))
  if (!key) throw new EntraError(7000272, kid ?? x5t ?? '', issuer)
  try {
    await compactVerify(assertion, await importJWK(key, alg))
  } catch {
    throw new EntraError(50013)
  }
}

/** A token that does not say since when it is good was made in 1970. @see https://github.com/MicrosoftDocs/azure-docs/issues/86915 */
function checkLifetime({ iat, exp }: JWTPayload): void {
  const [from, until] = [secondsIn(iat), secondsIn(exp)]
  if (until - from > LONGEST_SECONDS) throw new EntraError(70023, String(from), String(until))
}

const configurationSchema = z.object({ jwks_uri: z.string() })
const keysSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })

/**
 * The keys of a foreign issuer, asked for each time.
 * @see https://github.com/Azure/azure-workload-identity/issues/642 for an issuer that does not answer
 */
async function publishedBy(issuer: string): Promise<readonly JWK[]> {
  const configuration = await getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const { data: known } = configurationSchema.safeParse(configuration)
  if (!known) throw new EntraError(50166)
  const { data: found } = keysSchema.safeParse(await getJson(known.jwks_uri))
  if (!found) throw new EntraError(900612)
  return found.keys
}

async function getJson(address: string): Promise<unknown> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS), redirect: 'error' })
    if (!response.ok) throw new EntraError(50166)
    return await response.json()
  } catch {
    throw new EntraError(50166)
  }
}
