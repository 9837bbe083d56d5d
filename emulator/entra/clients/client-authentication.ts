import { timingSafeEqual } from 'node:crypto'
import { findApplication } from '#emulator/directory/applications.ts'
import type { Application } from '#emulator/directory/types.ts'
import type { Authority } from '#emulator/entra/authority.ts'
import { readAssertion } from '#emulator/entra/clients/assertion.ts'
import { byCertificate } from '#emulator/entra/clients/certificate-assertion.ts'
import { byFederation } from '#emulator/entra/clients/federated-assertion.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { ClientAuthentication } from '#emulator/entra/tokens/tokens.ts'
import type { World } from '#emulator/world.ts'

export type AuthenticatedClient = { application: Application; acr: ClientAuthentication }
export type Form = Readonly<Record<string, string>>

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/**
 * Who calls the token endpoint: by secret in the body or by HTTP Basic, by certificate, by another
 * issuer's token, or as a public client.
 * @throws EntraError 900144, 700016, 7000215, 7000222, 7000218, 700025, and what an assertion is refused with
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
    const { iss } = readAssertion(form.client_assertion).claims
    const isForeign = typeof iss === 'string' && iss.includes('://')
    return isForeign
      ? byFederation(world, application, form.client_assertion)
      : byCertificate(world, application, form.client_assertion, authority)
  }
  // Pages and programs have no secret; what they may redeem is their grant's affair.
  if (isPublic || (hasPagesOrPrograms(application) && isRedemption(form))) return { application, acr: '0' }
  throw new EntraError(7000218)
}

const hasPagesOrPrograms = ({ redirectUris: { spa, publicClient } }: Application): boolean =>
  spa.length > 0 || publicClient.length > 0

const isRedemption = ({ grant_type: grant }: Form): boolean =>
  grant === 'authorization_code' || grant === 'refresh_token'

function bySecret({ clock, lag }: World, application: Application, secret: string): AuthenticatedClient {
  const match = application.passwordCredentials.find((credential) => sameText(credential.secret, secret))
  if (!match || lag.hidesCredential(match.keyId)) throw new EntraError(7000215, application.appId)
  if (match.endsAt <= clock.now()) throw new EntraError(7000222, application.appId)
  return { application, acr: '1' }
}

/** Both parts are encoded as in a form; what is not encoded is taken as it is. @see RFC 6749 section 2.3.1 */
function readBasic(authorization: string | undefined): { id: string; secret: string } | null {
  if (!authorization?.toLowerCase().startsWith('basic ')) return null
  const text = Buffer.from(authorization.slice(6), 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1
    ? { id: decodeField(text), secret: '' }
    : { id: decodeField(text.slice(0, colon)), secret: decodeField(text.slice(colon + 1)) }
}

function decodeField(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

const subjectOf = (assertion: string | undefined): string | undefined =>
  assertion ? readAssertion(assertion).claims.sub : undefined

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
