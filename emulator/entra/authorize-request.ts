import { findApplication } from '#emulator/directory/applications.ts'
import type { Application } from '#emulator/directory/types.ts'
import { type Authority, resolveAuthority } from '#emulator/entra/authority.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { isRegistered, isRegisteredForConsent } from '#emulator/entra/redirect.ts'
import { readScopes } from '#emulator/entra/scopes.ts'
import type { AuthorizeRequest } from '#emulator/entra/state.ts'
import type { World } from '#emulator/world.ts'

export type Parameters = Readonly<Record<string, string | undefined>>
type Purpose = AuthorizeRequest['purpose']

/**
 * What a client asks of the sign-in pages.
 * @throws EntraError for what must not be redirected: an unknown client or an address that is not registered
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code
 */
export function readRequest(world: World, segment: string, parameters: Parameters, purpose: Purpose): AuthorizeRequest {
  const authority = resolveAuthority(world.directory, segment)
  const application = clientOf(world, authority, parameters.client_id)
  const redirectUri = redirectOf(application, parameters.redirect_uri, purpose)
  if (!parameters.scope) throw new EntraError(900144, 'scope')
  const stripped = world.mischief
    .says({ at: 'authorize', tenantId: authority.tenant?.id, appId: application.appId })
    .includes('authorize.stripChallenge')
  const challenge = stripped ? null : (parameters.code_challenge ?? null)
  if (challenge !== null && !/^[\w.~-]{43,128}$/.test(challenge)) throw new EntraError(50147)
  const mode = parameters.response_mode
  return {
    appId: application.appId,
    authority: authority.segment,
    redirectUri,
    responseMode: mode === 'fragment' || mode === 'form_post' ? mode : 'query',
    state: parameters.state ?? null,
    nonce: parameters.nonce ?? null,
    scopes: parameters.scope.split(' ').filter((scope) => scope !== ''),
    prompt: parameters.prompt ?? null,
    loginHint: parameters.login_hint ?? null,
    challenge,
    challengeMethod: challenge === null ? null : parameters.code_challenge_method === 'S256' ? 'S256' : 'plain',
    wantsClientInfo: parameters.client_info === '1',
    purpose,
    deviceCode: null,
  }
}

/** What is wrong with a request whose answer may go to the client: it is told there. */
export function refuseRequest(
  { directory }: World,
  { purpose, scopes }: AuthorizeRequest,
  responseType: string | undefined,
): EntraError | null {
  if (purpose === 'sign-in' && responseType !== 'code') return new EntraError(700054, responseType ?? '')
  try {
    readScopes(directory, scopes, '')
    return null
  } catch (error) {
    if (error instanceof EntraError) return error
    throw error
  }
}

function clientOf({ directory }: World, authority: Authority, clientId: string | undefined): Application {
  if (!clientId) throw new EntraError(900144, 'client_id')
  const application = findApplication(directory, clientId)
  if (!application) throw new EntraError(700016, clientId, authority.tenant?.displayName ?? authority.segment)
  if (application.signInAudience !== 'AzureADMyOrg' || authority.tenant?.id === application.tenantId) return application
  throw authority.tenant
    ? new EntraError(700016, application.appId, authority.tenant.displayName)
    : new EntraError(50194, application.appId, application.displayName)
}

function redirectOf(application: Application, asked: string | undefined, purpose: Purpose): string {
  const redirectUri = asked ?? Object.values(application.redirectUris).flat()[0]
  if (!redirectUri) throw new EntraError(500113)
  const known = purpose === 'sign-in' ? isRegistered : isRegisteredForConsent
  if (!known(application, redirectUri)) throw new EntraError(50011, redirectUri, application.appId)
  return redirectUri
}
