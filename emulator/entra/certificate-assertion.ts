import { createPublicKey, X509Certificate } from 'node:crypto'
import { compactVerify, decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from 'jose'
import type { Application } from '#emulator/directory/types.ts'
import type { Authority } from '#emulator/entra/authority.ts'
import type { AuthenticatedClient } from '#emulator/entra/client-authentication.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { World } from '#emulator/world.ts'

const SKEW_SECONDS = 300

/**
 * What a client signed with the key of one of its certificates.
 * @throws EntraError 50027, 700027, 1000502, 700024, 50048, 700021, 700023
 * @see https://learn.microsoft.com/entra/identity-platform/certificate-credentials
 */
export async function byCertificate(
  { clock, origins, lag }: World,
  application: Application,
  assertion: string,
  authority: Authority,
): Promise<AuthenticatedClient> {
  const { header, claims } = readAssertion(assertion)
  const strip = (thumbprint: unknown) => (typeof thumbprint === 'string' ? thumbprint : '').replace(/=+$/, '')
  const shown = Buffer.from(strip(header.x5t ?? header['x5t#S256']), 'base64url')
    .toString('hex')
    .toUpperCase()
  const refuse = (reason: string) => new EntraError(700027, reason, application.appId, shown)
  const key = application.keyCredentials.find(
    (candidate) =>
      candidate.thumbprintSha256 === strip(header['x5t#S256']) || candidate.thumbprintSha1 === strip(header.x5t),
  )
  if (!key || lag.hidesCredential(key.keyId)) throw refuse('The key was not found.')
  if (header.alg !== 'RS256' && header.alg !== 'PS256') throw refuse('The algorithm is not supported.')
  const publicKey = createPublicKey(
    new X509Certificate(Buffer.from(key.certificate, 'base64')).publicKey.export({ type: 'spki', format: 'pem' }),
  )
  try {
    await compactVerify(assertion, publicKey, { algorithms: ['RS256', 'PS256'] })
  } catch {
    throw refuse('Key was found, but use of the key to verify the signature failed.')
  }
  const now = clock.seconds()
  if (key.endsAt <= clock.now() || key.startsAt > clock.now()) throw new EntraError(1000502)
  const from = secondsIn(claims.nbf ?? now)
  const until = secondsIn(claims.exp ?? 0)
  if (from > now + SKEW_SECONDS || until < now - SKEW_SECONDS) {
    const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
    throw new EntraError(700024, iso(now), iso(from), iso(until))
  }
  if (claims.iss !== claims.sub) throw new EntraError(50048)
  if (claims.sub?.toLowerCase() !== application.appId) throw new EntraError(700021)
  const segments = [
    authority.segment,
    authority.tenant?.id,
    ...(authority.tenant?.domains.map((domain) => domain.name) ?? []),
  ]
  const bases = [origins.https, 'https://login.microsoftonline.com']
  const audiences = bases.flatMap((base) =>
    segments.flatMap((segment) => [
      `${base}/${segment}/oauth2/v2.0/token`,
      `${base}/${segment}/oauth2/token`,
      `${base}/${segment}/v2.0`,
    ]),
  )
  const [audience] = [claims.aud].flat()
  if (!audiences.some((candidate) => candidate.toLowerCase() === String(audience).toLowerCase()))
    throw new EntraError(700023)
  return { application, acr: '2' }
}

/** @throws EntraError 50027 for what is no token */
export function readAssertion(assertion: string): { header: ProtectedHeaderParameters; claims: JWTPayload } {
  try {
    return { header: decodeProtectedHeader(assertion), claims: decodeJwt(assertion) }
  } catch {
    throw new EntraError(50027)
  }
}

/** What is no number, or none that a date can hold, is no time. @see RFC 7519 section 2, NumericDate */
function secondsIn(claim: unknown): number {
  if (typeof claim !== 'number' || Number.isNaN(new Date(claim * 1000).getTime())) throw new EntraError(50027)
  return claim
}
