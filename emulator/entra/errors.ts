import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** What each refusal looks like on the wire. @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const TABLE = {
  700016: [
    400,
    'unauthorized_client',
    "Application with identifier '{0}' was not found in the directory '{1}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
  ],
  7000229: [
    401,
    'invalid_client',
    'The client application {0} is missing service principal in the tenant {1}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119',
  ],
  7000112: [400, 'unauthorized_client', "Application '{0}'({1}) is disabled."],
  7000215: [
    401,
    'invalid_client',
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'.",
  ],
  7000222: [
    401,
    'invalid_client',
    "The provided client secret keys for app '{0}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
  ],
  7000218: [
    401,
    'invalid_client',
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  ],
  700027: [
    401,
    'invalid_client',
    "Client assertion contains an invalid signature. [Reason - {0}, Thumbprint of key used by client: '{2}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{1}'.]",
  ],
  700024: [
    401,
    'invalid_client',
    'Client assertion is not within its valid time range. Current time: {0}, assertion valid from {1}, expiry time of assertion {2}.',
  ],
  50048: [401, 'invalid_client', 'Subject and issuer claims in the client assertion do not match.'],
  1000502: [401, 'invalid_client', 'The provided certificate is not within its valid time range.'],
  90002: [
    400,
    'invalid_request',
    "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
  ],
  50049: [400, 'invalid_instance', 'Unknown or invalid instance.'],
  900023: [
    400,
    'invalid_request',
    "Specified tenant identifier '{0}' is neither a valid DNS name, nor a valid external domain.",
  ],
  9001023: [
    400,
    'invalid_request',
    'The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.',
  ],
  50194: [
    400,
    'invalid_request',
    "Application '{0}'({1}) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.",
  ],
  500011: [
    400,
    'invalid_resource',
    'The resource principal named {0} was not found in the tenant named {1}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.',
  ],
  500014: [
    400,
    'invalid_resource',
    "The service principal for resource '{0}' is disabled. This indicate that a subscription within the tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens from being issued for it.",
  ],
  650057: [
    400,
    'invalid_resource',
    "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration. Client app ID: {0}({1}). Resource value from request: {2}. Resource app ID: {3}.",
  ],
  70011: [
    400,
    'invalid_scope',
    "The provided value for the input parameter 'scope' is not valid. The scope {0} is not valid.",
  ],
  1002012: [
    400,
    'invalid_scope',
    'The provided value for scope {0} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).',
  ],
  900561: [400, 'invalid_request', 'The endpoint only accepts POST requests. Received a {0} request.'],
  901002: [400, 'invalid_request', "The 'resource' request parameter is not supported."],
  900144: [400, 'invalid_request', "The request body must contain the following parameter: '{0}'."],
  9002313: [400, 'invalid_grant', 'Invalid request. Request is malformed or invalid.'],
  70003: [400, 'unsupported_grant_type', "The app requested an unsupported grant type '{0}'."],
  65001: [
    400,
    'invalid_grant',
    "The user or administrator has not consented to use the application with ID '{0}' named '{1}'. Send an interactive authorization request for this user and resource.",
  ],
  65004: [400, 'access_denied', 'User declined to consent to access the app.'],
  90094: [
    403,
    'access_denied',
    '{0} needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant permission to this app before you can use it.',
  ],
  90093: [
    403,
    'access_denied',
    'An administrator of {0} has set a policy that prevents you from granting {1} the permissions it is requesting. Contact an administrator, who can grant permissions to this app on your behalf.',
  ],
  900941: [
    403,
    'access_denied',
    'Admin consent is required. The app {0} is considered risky: its publisher is not verified.',
  ],
  650052: [
    400,
    'invalid_client',
    "The app is trying to access a service '{0}'({1}) that your organization '{2}' lacks a service principal for. Contact your IT Admin to review the configuration of your service subscriptions or consent to the application in order to create the required service principal.",
  ],
  501051: [400, 'invalid_grant', "Application '{0}'({1}) is not assigned to a role for the application '{2}'({3})."],
  90033: [503, 'temporarily_unavailable', 'A transient error has occurred. Please try again.'],
  50196: [400, 'invalid_grant', 'The server terminated an operation because it encountered a client request loop.'],
  53003: [
    400,
    'invalid_grant',
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  ],
  50076: [
    400,
    'invalid_grant',
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{0}'.",
  ],
  50079: [
    400,
    'invalid_grant',
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multifactor authentication to access '{0}'.",
  ],
  50173: [
    400,
    'invalid_grant',
    'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
  ],
  90095: [
    403,
    'access_denied',
    'Admin consent is required for the permissions requested by this application. An admin consent request has been sent.',
  ],
  50105: [
    403,
    'access_denied',
    "Your administrator has configured the application {0} ('{1}') to block users unless they are specifically granted ('assigned') access to the application.",
  ],
  50020: [
    400,
    'invalid_request',
    "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}' and cannot access the application '{3}' in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different account.",
  ],
  50034: [400, 'invalid_grant', 'The user account {0} does not exist in this directory.'],
  50126: [400, 'invalid_grant', 'Error validating credentials due to invalid username or password.'],
  50057: [400, 'invalid_grant', 'The user account is disabled.'],
  50058: [400, 'login_required', 'A silent sign-in request was sent but no user is signed in.'],
  50011: [
    400,
    'invalid_request',
    "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the application '{1}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal.",
  ],
  500113: [400, 'invalid_request', 'No reply address is registered for the application.'],
  50013: [400, 'invalid_grant', 'Assertion failed signature validation.'],
  500131: [400, 'invalid_grant', 'Assertion audience does not match the Client app presenting the assertion.'],
  500133: [400, 'invalid_grant', 'Assertion is not within its valid time range.'],
  70016: [400, 'authorization_pending', 'OAuth 2.0 device flow error. Authorization is pending. Continue polling.'],
  70017: [400, 'authorization_declined', 'The end user denied the authorization request.'],
  70018: [400, 'bad_verification_code', 'Invalid verification code.'],
  70020: [400, 'expired_token', 'The provided value for the input parameter device_code is not valid: it has expired.'],
  700211: [400, 'invalid_client', "No matching federated identity record found for presented assertion issuer '{0}'."],
  700212: [
    400,
    'invalid_client',
    "No matching federated identity record found for presented assertion audience '{0}'.",
  ],
  700213: [400, 'invalid_client', "No matching federated identity record found for presented assertion subject '{0}'."],
  54005: [
    400,
    'invalid_grant',
    'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
  ],
  70008: [
    400,
    'invalid_grant',
    'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
  ],
  700082: [
    400,
    'invalid_grant',
    'The refresh token has expired due to inactivity. The token was issued on {0} and was inactive for 90.00:00:00.',
  ],
  700005: [400, 'invalid_grant', 'Provided Authorization Code is intended to use against other tenant, thus rejected.'],
  501481: [
    400,
    'invalid_grant',
    'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  ],
  50147: [400, 'invalid_request', 'Missing code challenge or invalid size.'],
  700054: [400, 'unsupported_response_type', "response_type '{0}' is not enabled for the application."],
  700025: [
    401,
    'invalid_client',
    'Client is public so neither client_assertion nor client_secret should be presented.',
  ],
} as const satisfies Record<number, readonly [status: number, error: string, text: string]>

export type AadstsCode = keyof typeof TABLE
export const isAadstsCode = (code: number): code is AadstsCode => Object.hasOwn(TABLE, code)

/** What MSAL asks a user for by. @see https://learn.microsoft.com/entra/msal/dotnet/advanced/exceptions */
const SUBERRORS: Partial<Record<AadstsCode, string>> = {
  65001: 'consent_required',
  53003: 'message_only',
  50076: 'basic_action',
  50079: 'basic_action',
  50173: 'bad_token',
}
/** Codes that come with a challenge, to be given back with the next request. */
const CHALLENGED: readonly AadstsCode[] = [53003, 50076, 50079]
const CLAIMS_CHALLENGE = JSON.stringify({
  access_token: { capolids: { essential: true, values: ['c0ffee00-0000-4000-8000-000000000001'] } },
})

/** A refusal of the identity platform. */
export class EntraError extends Error {
  readonly code: AadstsCode
  readonly status: ContentfulStatusCode
  readonly error: string
  readonly suberror: string | undefined

  constructor(code: AadstsCode, ...words: readonly string[]) {
    const [status, error, text]: readonly [number, string, string] = TABLE[code]
    super(words.reduce<string>((filled, word, index) => filled.replaceAll(`{${index}}`, () => word), text))
    this.name = 'EntraError'
    this.code = code
    this.status = status as ContentfulStatusCode
    this.error = error
    this.suberror = SUBERRORS[code]
  }

  get description(): string {
    return `AADSTS${this.code}: ${this.message}`
  }
}

/** `2026-11-23 03:00:00Z`, as Entra ID writes it. */
const stamp = (at: Date) => `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`

/** Discovery speaks of the tenant where the token endpoint speaks of the request. @see openid-configuration of an unknown tenant */
export const asDiscovery = (error: EntraError): EntraError =>
  error.code === 90002 ? Object.assign(error, { error: 'invalid_tenant' }) : error

/** The body of a refusal of the token endpoint and its relatives. */
export function errorBody(
  error: EntraError,
  { now, correlationId, origin }: { now: Date; correlationId?: string | undefined; origin: string },
): object {
  const trace = randomUUID()
  const correlation = correlationId ?? randomUUID()
  const timestamp = stamp(now)
  return {
    error: error.error,
    error_description: `${error.description} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [error.code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `${origin}/error?code=${error.code}`,
    ...(error.suberror ? { suberror: error.suberror } : {}),
    ...(CHALLENGED.includes(error.code) ? { claims: CLAIMS_CHALLENGE } : {}),
  }
}

export const answerError = (
  c: Context,
  error: EntraError,
  details: { now: Date; correlationId?: string | undefined; origin: string },
): Response =>
  c.json(errorBody(error, details), error.status, { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' })
