import { createPublicKey, X509Certificate } from 'node:crypto'
import { compactVerify, type JWTPayload } from 'jose'
import type { Application } from '#emulator/directory/types.ts'
import type { Authority } from '#emulator/entra/authority.ts'
import { checkForm, checkTimes } from '#emulator/entra/clients/assertion.ts'
import type { AuthenticatedClient } from '#emulator/entra/clients/client-authentication.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { World } from '#emulator/world.ts'

/**
 * What a client signed with the key of one of its certificates.
 * @throws EntraError 700027, 1000502, 50048, 700021, 700023, and what `checkForm` and `checkTimes` throw
 * @see https://learn.microsoft.com/entra/identity-platform/certificate-credentials
 */
export async function byCertificate(
  { clock, origins, lag }: World,
  application: Application,
  assertion: string,
  authority: Authority,
): Promise<AuthenticatedClient> {
  const { header, claims } = checkForm(assertion)
  const strip = (thumbprint: unknown) => (typeof thumbprint === 'string' ? thumbprint : '').replace(/=+$/, '')
  const shown = Buffer.from(strip(header.x5t ?? header['x5t#S256'] ?? header.kid), 'base64url')
    .toString('hex')
    .toUpperCase()
  const refuse = (reason: string) => new EntraError(700027, reason, application.appId, shown)
  const key = application.keyCredentials.find(
    ({ thumbprintSha256, thumbprintSha1 }) =>
      thumbprintSha256 === strip(header['x5t#S256']) || thumbprintSha1 === strip(header.x5t ?? header.kid),
  )
  if (!key || lag.hidesCredential(key.keyId)) throw refuse('The key was not found.')
  const publicKey = createPublicKey(
    new X509Certificate(Buffer.from(key.certificate, 'base64')).publicKey.export({ type: 'spki', format: 'pem' }),
  )
  try {
    await compactVerify(assertion, publicKey)
  } catch {
    throw refuse('Key was found, but use of the key to verify the signature failed.')
  }
  if (key.endsAt <= clock.now() || key.startsAt > clock.now()) throw new EntraError(1000502)
  checkTimes(claims, clock.now())
  if (claims.iss !== claims.sub) throw new EntraError(50048)
  if (claims.sub?.toLowerCase() !== application.appId) throw new EntraError(700021)
  checkAudience(claims, authority, origins.https)
  return { application, acr: '2' }
}

/** The token endpoint or the issuer, by any name of the tenant. @throws EntraError 700023 */
function checkAudience({ aud }: JWTPayload, { segment, tenant }: Authority, origin: string): void {
  const names = [segment, tenant?.id, ...(tenant?.domains.map(({ name }) => name) ?? [])]
  const audiences = [origin, 'https://login.microsoftonline.com'].flatMap((base) =>
    names.flatMap((name) => [
      `${base}/${name}/oauth2/v2.0/token`,
      `${base}/${name}/oauth2/token`,
      `${base}/${name}/v2.0`,
    ]),
  )
  const [audience] = [aud].flat()
  if (!audiences.some((candidate) => candidate.toLowerCase() === String(audience).toLowerCase()))
    throw new EntraError(700023)
}
