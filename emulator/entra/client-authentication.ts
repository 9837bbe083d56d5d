import { createPublicKey, timingSafeEqual, X509Certificate } from 'node:crypto'
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import { findApplication } from '#emulator/directory/applications.ts'
import type { Application } from '#emulator/directory/types.ts'
import type { Authority } from '#emulator/entra/authority.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { byFederation } from '#emulator/entra/federated-assertion.ts'
import type { ClientAuthentication } from '#emulator/entra/tokens.ts'
import type { World } from '#emulator/world.ts'

export type AuthenticatedClient = { application: Application; acr: ClientAuthentication }
export type Form = Readonly<Record<string, string>>

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const SKEW_SECONDS = 300

/**
 * Who calls the token endpoint: by secret in the body or by HTTP Basic, by certificate, by another
 * issuer's token, or as a public client.
 * @throws EntraError 900144, 700016, 7000215, 7000222, 7000218, 700027, 700024, 700025
 */
export async function authenticateClient(
  world: World,
  authority: Authority,
  form: Form,
  authorization: string | undefined,
): Promise<AuthenticatedClient> {
  const basic = readBasic(authorization)
  const clientId = basic?.id ?? form.client_id ?? subjectOf(form.client_assertion)
  if (!clientId) throw new EntraError(900144, 'client_id')
  const application = findApplication(world.directory, clientId)
  if (!application) throw new EntraError(700016, clientId, authority.tenant?.displayName ?? authority.segment)
  const secret = basic?.secret ?? form.client_secret
  const isPublic = application.isFallbackPublicClient
  if (isPublic && (secret || form.client_assertion)) throw new EntraError(700025)
  if (secret) return bySecret(world, application, secret)
  if (form.client_assertion && form.client_assertion_type === ASSERTION_TYPE) {
    const { iss } = decode(() => decodeJwt(form.client_assertion ?? ''))
    const isForeign = typeof iss === 'string' && iss.includes('://')
    return isForeign
      ? byFederation(world, application, form.client_assertion)
      : byCertificate(world, application, form.client_assertion, authority)
  }
  // A page has no secret; what it may redeem is its grant's affair.
  if (isPublic || (application.redirectUris.spa.length > 0 && isRedemption(form))) return { application, acr: '0' }
  throw new EntraError(7000218)
}

const isRedemption = ({ grant_type: grant }: Form): boolean =>
  grant === 'authorization_code' || grant === 'refresh_token'

function bySecret({ clock, lag }: World, application: Application, secret: string): AuthenticatedClient {
  const match = application.passwordCredentials.find((credential) => sameText(credential.secret, secret))
  if (!match || lag.hidesCredential(match.keyId)) throw new EntraError(7000215, application.appId)
  if (match.endsAt <= clock.now()) throw new EntraError(7000222, application.appId)
  return { application, acr: '1' }
}

/** @see https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
async function byCertificate(
  { clock, origins, lag }: World,
  application: Application,
  assertion: string,
  authority: Authority,
): Promise<AuthenticatedClient> {
  const header = decode(() => decodeProtectedHeader(assertion))
  const claims = decode(() => decodeJwt(assertion))
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
  const from = claims.nbf ?? now
  const until = claims.exp ?? 0
  if (from > now + SKEW_SECONDS || until < now - SKEW_SECONDS) {
    const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
    throw new EntraError(700024, iso(now), iso(from), iso(until))
  }
  if (claims.iss !== claims.sub) throw new EntraError(50048)
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
    throw refuse('The audience of the assertion is not this token endpoint.')
  return { application, acr: '2' }
}

function decode<Value>(work: () => Value): Value {
  try {
    return work()
  } catch {
    throw new EntraError(9002313)
  }
}

function readBasic(authorization: string | undefined): { id: string; secret: string } | null {
  if (!authorization?.toLowerCase().startsWith('basic ')) return null
  const [id = '', secret = ''] = Buffer.from(authorization.slice(6), 'base64')
    .toString('utf8')
    .split(':')
    .map((part) => decodeURIComponent(part))
  return { id, secret }
}

const subjectOf = (assertion: string | undefined): string | undefined =>
  assertion ? decode(() => decodeJwt(assertion)).sub : undefined

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
