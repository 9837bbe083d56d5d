/**
 * Every code that the emulator refuses with, and what the refusal looks like on the wire: status, `error`, text. A code
 * that nobody has provoked is no claim: a test wants a witness for each (`emulator/test/entra/aadsts.test.ts`).
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export const AADSTS = {
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
    'Client assertion is not within its valid time range. Current time: {0}, assertion valid from {1}, expiry time of assertion {2}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .',
  ],
  700021: [
    401,
    'invalid_client',
    "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
  ],
  700023: [401, 'invalid_client', 'Client assertion audience claim does not match Realm issuer.'],
  50027: [400, 'invalid_request', 'JWT token is invalid or malformed.'],
  90014: [
    400,
    'invalid_request',
    "The required field '{0}' is missing from the credential. Ensure that you have all the necessary parameters for the login request.",
  ],
  5002723: [
    401,
    'invalid_client',
    'Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.',
  ],
  5002738: [
    401,
    'invalid_client',
    "Invalid JWT token. '{0}' is not a supported signature algorithm. Supported signing algorithms are: 'RS256,RS384,RS512'",
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
  9002332: [
    400,
    'invalid_request',
    "Application '{0}'({1}) is configured for use by Azure Active Directory users only. Please do not use the /consumers endpoint to serve this request.",
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
    "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration. Client app ID: {0}({1}). Resource value from request: {2}. Resource app ID: {3}. List of valid resources from app registration: {4}.",
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
    400,
    'access_denied',
    '{0} needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant permission to this app before you can use it.',
  ],
  90093: [
    400,
    'access_denied',
    'An administrator of {0} has set a policy that prevents you from granting {1} the permissions it is requesting. Contact an administrator, who can grant permissions to this app on your behalf.',
  ],
  900941: [
    400,
    'access_denied',
    'Admin consent is required. The app {0} is considered risky: its publisher is not verified.',
  ],
  650052: [
    401,
    'invalid_client',
    "The app is trying to access a service '{0}'({1}) that your organization '{2}' lacks a service principal for. Contact your IT Admin to review the configuration of your service subscriptions or consent to the application in order to create the required service principal.",
  ],
  501051: [400, 'invalid_grant', "Application '{0}'({1}) is not assigned to a role for the application '{2}'({3})."],
  90033: [503, 'temporarily_unavailable', 'A transient error has occurred. Please try again.'],
  50196: [
    400,
    'invalid_grant',
    'The server terminated an operation because it encountered a client request loop. Please contact your app vendor.',
  ],
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
    "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '{0}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{1}'.",
  ],
  90095: [
    400,
    'access_denied',
    'Admin consent is required for the permissions requested by this application. An admin consent request has been sent.',
  ],
  50105: [
    400,
    'invalid_grant',
    "Your administrator has configured the application {0} ('{1}') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '{2}' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.",
  ],
  50020: [
    400,
    'invalid_grant',
    "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}' and cannot access the application '{3}'({4}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different account.",
  ],
  50034: [400, 'invalid_grant', 'The user account {0} does not exist in this directory.'],
  50126: [400, 'invalid_grant', 'Error validating credentials due to invalid username or password.'],
  50057: [400, 'invalid_grant', 'The user account is disabled.'],
  50058: [400, 'login_required', 'A silent sign-in request was sent but no user is signed in.'],
  50011: [
    400,
    'invalid_request',
    "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the application '{1}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.",
  ],
  500112: [
    400,
    'invalid_grant',
    "The reply address '{0}' does not match the reply address '{1}' provided when requesting Authorization code.",
  ],
  500113: [400, 'invalid_request', 'No reply address is registered for the application.'],
  50013: [400, 'invalid_grant', 'Assertion failed signature validation.'],
  500131: [400, 'invalid_grant', 'Assertion audience does not match the Client app presenting the assertion.'],
  500133: [
    400,
    'invalid_grant',
    'Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token. Current time: {0}, expiry time of assertion {1}.',
  ],
  70016: [400, 'authorization_pending', 'OAuth 2.0 device flow error. Authorization is pending. Continue polling.'],
  70017: [400, 'authorization_declined', 'The end user denied the authorization request.'],
  70018: [400, 'bad_verification_code', 'Invalid verification code.'],
  70020: [
    400,
    'expired_token',
    "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
  ],
  700211: [
    401,
    'invalid_client',
    "No matching federated identity record found for presented assertion issuer '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
  ],
  700212: [
    401,
    'invalid_client',
    "No matching federated identity record found for presented assertion audience '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
  ],
  700213: [
    401,
    'invalid_client',
    "No matching federated identity record found for presented assertion subject '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
  ],
  70023: [
    400,
    'invalid_request',
    'External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at {0}. Token expires on {1}.',
  ],
  50166: [400, 'invalid_request', 'Request to External OIDC endpoint failed.'],
  900612: [400, 'invalid_request', 'Failed to parse provider signing keys.'],
  7000272: [
    401,
    'invalid_client',
    "The certificate with identifier {0} used to sign the federated credential could not be found in the metadata of identity provider {1}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.",
  ],
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
  50149: [400, 'invalid_request', 'Invalid Code_Challenge_method parameter.'],
  90023: [400, 'invalid_request', "Unsupported 'prompt' value."],
  50147: [400, 'invalid_request', 'Missing code challenge: a code_challenge_method came without a code_challenge.'],
  700054: [400, 'unsupported_response_type', "response_type '{0}' is not enabled for the application."],
  700025: [
    401,
    'invalid_client',
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
  ],
  16000: [
    400,
    'interaction_required',
    'Either multiple user identities are available for the current request or selected account is not supported for the scenario.',
  ],
  28000: [
    400,
    'invalid_request',
    'Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {0} is not valid.',
  ],
  28003: [
    400,
    'invalid_request',
    "Provided value for the input parameter scope can't be empty when requesting an access token using the provided authorization code. Please specify a valid scope.",
  ],
  50033: [503, 'temporarily_unavailable', 'A transient error has occurred. Please try again.'],
  50050: [400, 'invalid_request', 'The request is malformed.'],
  50053: [
    400,
    'invalid_grant',
    "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
  ],
  50055: [400, 'invalid_grant', 'The password is expired.'],
  50059: [
    400,
    'invalid_request',
    'No tenant-identifying information found in either the request or implied by any provided credentials.',
  ],
  500021: [403, 'access_denied', "Access to '{0}' tenant is denied."],
  501491: [400, 'invalid_request', 'Invalid size of Code_Challenge parameter.'],
  50148: [
    400,
    'invalid_grant',
    'The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.',
  ],
  53000: [
    400,
    'interaction_required',
    'Device is not in required device state: {0}. Conditional Access policy requires a compliant device, and the device is not compliant. The user must enroll their device with an approved MDM provider like Intune.',
  ],
  65005: [
    400,
    'invalid_resource',
    "The application required resource access list does not contain applications discoverable by the resource: '{0}' is asked for by '{1}'({2}).",
  ],
  650051: [
    401,
    'invalid_client',
    "The application needs access to a service that is not there yet: the application '{0}' does not exist yet in the tenant '{1}'. Wait 30 seconds and try again.",
  ],
  650054: [
    401,
    'invalid_client',
    "The application '{0}' asked for permissions to access a resource '{1}' that has been removed or is no longer available. Contact the app vendor.",
  ],
  650056: [
    401,
    'invalid_client',
    "Misconfigured application. This could be due to one of the following: the client has not listed any permissions for '{0}' in the requested permissions in the client's application registration. Or, the admin has not consented in the tenant. Or, check the application identifier in the request to ensure it matches the configured client application identifier. Or, check the certificate in the request to ensure it's valid. Please contact your admin to fix the configuration or consent on behalf of the tenant. Client app ID: {1}.",
  ],
  700007: [400, 'invalid_grant', 'The grant was issued for a different client id.'],
  7000012: [400, 'invalid_grant', 'The grant was obtained for a different tenant.'],
  70005: [
    400,
    'unsupported_response_type',
    "The provided value for the input parameter 'response_type' is not valid. {0}",
  ],
  70007: [
    400,
    'unsupported_response_mode',
    "'{0}' is not a supported value of 'response_mode' when requesting a token.",
  ],
  70025: [401, 'invalid_client', "The client '{0}'({1}) has no configured federated identity credentials."],
  70043: [
    400,
    'invalid_grant',
    'The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on {0} and the maximum allowed lifetime for this request is {1}.',
  ],
  700051: [400, 'unsupported_response_type', "response_type 'token' is not enabled for the application."],
  700084: [
    400,
    'invalid_grant',
    "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which can't be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on {0}.",
  ],
  700229: [401, 'invalid_client', 'Only app-only tokens may be used as Federated Identity Credentials for AAD issuer.'],
  90055: [
    429,
    'temporarily_unavailable',
    'The server is terminating the request because it has exceeded its limit of requests for this tenant.',
  ],
  90072: [
    400,
    'invalid_grant',
    "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}' and cannot access the application '{3}'({4}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.",
  ],
  90133: [400, 'invalid_request', 'Device Code flow is not supported under /common or /consumers endpoint.'],
  900971: [400, 'invalid_request', 'No reply address provided.'],
  900981: [
    400,
    'access_denied',
    'An admin consent request was received for a risky app: the publisher of {0} is not verified.',
  ],
  9002325: [
    400,
    'invalid_request',
    'Proof Key for Code Exchange is required for cross-origin authorization code redemption.',
  ],
  9002326: [
    400,
    'invalid_request',
    "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '{0}'.",
  ],
  9002327: [
    400,
    'invalid_request',
    "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
  ],
} as const satisfies Record<number, readonly [status: number, error: string, text: string]>

export type AadstsCode = keyof typeof AADSTS
export const AADSTS_CODES: readonly AadstsCode[] = Object.keys(AADSTS).map((code) => Number(code) as AadstsCode)
export const isAadstsCode = (code: number): code is AadstsCode => Object.hasOwn(AADSTS, code)

/** What MSAL asks a user for by. @see https://learn.microsoft.com/entra/msal/dotnet/advanced/exceptions */
export const SUBERRORS: Partial<Record<AadstsCode, string>> = {
  50055: 'user_password_expired',
  50076: 'basic_action',
  50079: 'basic_action',
  50173: 'bad_token',
  53000: 'message_only',
  53003: 'message_only',
  65001: 'consent_required',
  70043: 'token_expired',
}
/** Codes that come with a challenge, to be given back with the next request. */
export const CHALLENGED: readonly AadstsCode[] = [50076, 50079, 53000, 53003]
/** Trouble of Microsoft’s own: nothing of the emulator’s state leads there, only mischief. */
export const TRANSIENT: readonly AadstsCode[] = [50033, 90033, 90055]
/** Microsoft has no page about them, and so the answer has no `error_uri`; recorded of all but 700212 and 700213. */
export const WITHOUT_PAGE: readonly AadstsCode[] = [...TRANSIENT, 50166, 70043, 700211, 700212, 700213, 900612, 7000012]
