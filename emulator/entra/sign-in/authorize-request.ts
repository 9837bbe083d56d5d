import { findApplication, takesPersonalAccounts } from '#emulator/directory/applications.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import type { Application } from '#emulator/directory/types.ts'
import type { Authority } from '#emulator/entra/authority.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { readScopes } from '#emulator/entra/scopes.ts'
import { isRegistered, isRegisteredForConsent } from '#emulator/entra/sign-in/redirect.ts'
import type { AuthorizeRequest, ResponseType } from '#emulator/entra/state.ts'
import type { World } from '#emulator/world.ts'

export type Parameters = Readonly<Record<string, string | undefined>>
type Kind = Pick<AuthorizeRequest, 'purpose' | 'version'>

const RESPONSE_TYPES: readonly ResponseType[] = ['code', 'id_token', 'token']

/**
 * What a client asks of the sign-in pages.
 * @throws EntraError for what must not be redirected: an unknown client or an address that is not registered
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code
 */
export function readRequest(
  world: World,
  authority: Authority,
  parameters: Parameters,
  { purpose, version }: Kind,
): AuthorizeRequest {
  const application = clientOf(world, authority, parameters.client_id)
  const redirectUri = redirectOf(application, parameters.redirect_uri, purpose)
  const stripped = world.mischief
    .says({ at: 'authorize', tenantId: authority.tenant?.id, appId: application.appId })
    .includes('authorize.stripChallenge')
  const challenge = stripped ? null : (parameters.code_challenge ?? null)
  if (challenge === null && parameters.code_challenge_method && !stripped) throw new EntraError(50147)
  if (challenge !== null && !/^[\w.~-]{43,128}$/.test(challenge)) throw new EntraError(501491)
  const challengeMethod = challenge === null ? null : methodOf(parameters.code_challenge_method)
  const words = (parameters.response_type ?? '').split(' ')
  const responseTypes = purpose === 'sign-in' ? RESPONSE_TYPES.filter((type) => words.includes(type)) : []
  return {
    appId: application.appId,
    authority: authority.segment,
    version,
    redirectUri,
    responseTypes,
    responseMode: modeOf(parameters.response_mode, responseTypes),
    state: parameters.state?.replace(HTML, '') ?? null,
    nonce: parameters.nonce ?? null,
    scopes: scopesOf(parameters, application, { purpose, version }),
    prompt: parameters.prompt ?? null,
    loginHint: parameters.login_hint ?? null,
    challenge,
    challengeMethod,
    wantsClientInfo: parameters.client_info === '1',
    correlationId: parameters['client-request-id'] ?? null,
    claims: parameters.claims ?? null,
    purpose,
    deviceCode: null,
  }
}

/** Stripped from the state. @see https://learn.microsoft.com/entra/identity-platform/reply-url#use-a-state-parameter */
const HTML = /<[a-z!/][^>]*>/gi

/** `plain` unless told. @see RFC 7636 section 4.3 */
function methodOf(asked: string | undefined): 'S256' | 'plain' {
  if (!asked || asked === 'plain') return 'plain'
  if (asked !== 'S256') throw new EntraError(50149)
  return asked
}

/** Version 1 names a resource, now or later, and asks for all that is registered. @see https://learn.microsoft.com/entra/identity-platform/scopes-oidc */
function scopesOf({ scope, resource }: Parameters, application: Application, { purpose, version }: Kind): string[] {
  if (version === 'v2') {
    if (!scope) throw new EntraError(900144, 'scope')
    return scope.split(' ').filter((word) => word !== '')
  }
  if (purpose !== 'sign-in') return [`${MICROSOFT_GRAPH}/.default`]
  const oidc = ['openid', 'profile', 'email', 'offline_access']
  const wanted = resource || application.requiredResourceAccess[0]?.resourceAppId
  return wanted ? [...oidc, `${wanted}/.default`] : oidc
}

const isInFront = (types: readonly ResponseType[]): boolean => types.includes('id_token') || types.includes('token')

/** In the query unless told; what holds a token never is. @see OAuth 2.0 Multiple Response Type Encoding Practices */
function modeOf(asked: string | undefined, types: readonly ResponseType[]): AuthorizeRequest['responseMode'] {
  if (asked === 'query' || asked === 'fragment' || asked === 'form_post') return asked
  return isInFront(types) ? 'fragment' : 'query'
}

/** One of them, not several. @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code */
const PROMPTS = ['login', 'none', 'consent', 'select_account']

/** What is wrong with a request whose answer may go to the client: it is told there. */
export function refuseRequest(
  { directory }: World,
  request: AuthorizeRequest,
  { response_type: responseType, response_mode: responseMode }: Parameters,
): EntraError | null {
  const application = findApplication(directory, request.appId)
  const refused = request.purpose === 'sign-in' && application ? refuseType(request, application, responseType) : null
  if (refused) return refused
  if (responseMode && responseMode !== request.responseMode) return new EntraError(70007, responseMode)
  if (request.version === 'v2' && request.prompt && !PROMPTS.includes(request.prompt)) return new EntraError(90023)
  try {
    readScopes(directory, request.scopes, '')
    return null
  } catch (error) {
    if (error instanceof EntraError) return error
    throw error
  }
}

/** The implicit and hybrid flows have to be switched on in the registration. */
function refuseType(
  { responseTypes, responseMode, scopes, nonce }: AuthorizeRequest,
  { implicitIdTokens, implicitAccessTokens }: Application,
  asked: string | undefined,
): EntraError | null {
  if (!asked) return new EntraError(900144, 'response_type')
  if (asked.split(' ').some((word) => !RESPONSE_TYPES.some((known) => known === word)))
    return new EntraError(70005, `The value '${asked}' is not known.`)
  if (responseTypes.includes('token') && !implicitAccessTokens) return new EntraError(700051)
  if (responseTypes.includes('id_token') && !implicitIdTokens) return new EntraError(700054, 'id_token')
  if (responseTypes.includes('id_token') && !scopes.includes('openid'))
    return new EntraError(70005, "The response_type 'id_token' requires the scope 'openid'.")
  if (responseTypes.includes('id_token') && nonce === null) return new EntraError(900144, 'nonce')
  return isInFront(responseTypes) && responseMode === 'query' ? new EntraError(70007, responseMode) : null
}

/** A refusal holds no token: it may go where the client asked for it, but never where a token may not. */
export const errorMode = (request: AuthorizeRequest): AuthorizeRequest =>
  isInFront(request.responseTypes) && request.responseMode === 'query'
    ? { ...request, responseMode: 'fragment' }
    : request

/**
 * An application of one tenant is known in no other, and /consumers is for those that take personal accounts.
 * @throws EntraError 900144, 700016, 9002332, 50194
 */
export function clientOf({ directory }: World, authority: Authority, clientId: string | undefined): Application {
  if (!clientId) throw new EntraError(900144, 'client_id')
  const application = findApplication(directory, clientId)
  if (!application) throw new EntraError(700016, clientId, authority.tenant?.displayName ?? authority.segment)
  if (authority.kind === 'consumers' && !takesPersonalAccounts(application.signInAudience))
    throw new EntraError(9002332, application.appId, application.displayName)
  if (application.signInAudience !== 'AzureADMyOrg' || authority.tenant?.id === application.tenantId) return application
  throw authority.tenant
    ? new EntraError(700016, application.appId, authority.tenant.displayName)
    : new EntraError(50194, application.appId, application.displayName)
}

function redirectOf(application: Application, asked: string | undefined, purpose: Kind['purpose']): string {
  const registered = Object.values(application.redirectUris).flat()
  if (registered.length === 0) throw new EntraError(asked === undefined ? 900971 : 500113)
  const redirectUri = asked ?? registered[0] ?? ''
  const known = purpose === 'sign-in' ? isRegistered : isRegisteredForConsent
  if (!known(application, redirectUri)) throw new EntraError(50011, redirectUri, application.appId)
  return redirectUri
}
