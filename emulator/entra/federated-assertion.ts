import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import type { Application } from '#emulator/directory/types.ts'
import type { AuthenticatedClient } from '#emulator/entra/client-authentication.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { World } from '#emulator/world.ts'

const PATIENCE_MILLISECONDS = 5_000

/**
 * Another issuer's token instead of a secret: issuer, subject and audience exactly as registered, the signature by the
 * issuer's published keys.
 * @throws EntraError 70025, 700211, 700212, 700213 for what does not match, 50013 for a signature that does not hold,
 * 700229 for a token of a user
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation
 */
export async function byFederation(
  world: World,
  application: Application,
  assertion: string,
): Promise<AuthenticatedClient> {
  const claims = decodeJwt(assertion)
  if (application.federatedCredentials.length === 0)
    throw new EntraError(70025, application.appId, application.displayName)
  const ofIssuer = application.federatedCredentials.filter(({ issuer }) => issuer === claims.iss)
  if (ofIssuer.length === 0) throw new EntraError(700211, String(claims.iss))
  const ofSubject = ofIssuer.filter(({ subject }) => subject === claims.sub)
  if (ofSubject.length === 0) throw new EntraError(700213, String(claims.sub))
  const audiences = [claims.aud].flat()
  const match = ofSubject.find((credential) => credential.audiences.some((audience) => audiences.includes(audience)))
  if (!match) throw new EntraError(700212, audiences.join(', '))
  if (match.issuer.startsWith(`${world.origins.https}/`)) await verifyOwn(world, assertion, match.issuer)
  else await verify(assertion, match.issuer, world.clock.now())
  return { application, acr: '2' }
}

/** A token of our own: an application of one tenant vouches for one of another. */
async function verifyOwn({ keys, clock }: World, assertion: string, issuer: string): Promise<void> {
  const published = keys.published().map(({ kid, publicJwk }) => ({ ...publicJwk, kid }))
  const options = { issuer, currentDate: clock.now(), clockTolerance: 300 }
  const { payload } = await jwtVerify(assertion, createLocalJWKSet({ keys: published }), options).catch(() => {
    throw new EntraError(50013)
  })
  if (payload.scp !== undefined) throw new EntraError(700229)
}

async function verify(assertion: string, issuer: string, currentDate: Date): Promise<JWTPayload> {
  try {
    const configuration = await getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    const keys = await getJson(String(configuration.jwks_uri))
    const { payload } = await jwtVerify(assertion, createLocalJWKSet(keys as unknown as JSONWebKeySet), {
      issuer,
      currentDate,
      clockTolerance: 300,
    })
    return payload
  } catch {
    throw new EntraError(50013)
  }
}

async function getJson(address: string): Promise<Record<string, unknown>> {
  const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS), redirect: 'error' })
  return (await response.json()) as Record<string, unknown>
}
