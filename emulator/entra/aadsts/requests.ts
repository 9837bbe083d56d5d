import type { Refusals } from '#emulator/entra/aadsts/refusals.ts'

/** What is asked, and where: the form of a request, its tenant, its addresses, its scopes. */
export const REQUESTS = {
  90002: [
    400,
    'invalid_request',
    "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
  ],
  50049: [400, 'invalid_instance', 'Unknown or invalid instance.'],
  50059: [
    400,
    'invalid_request',
    'No tenant-identifying information found in either the request or implied by any provided credentials.',
  ],
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
  650051: [
    401,
    'invalid_client',
    "The application needs access to a service that is not there yet: the application '{0}' does not exist yet in the tenant '{1}'. Wait 30 seconds and try again.",
  ],
  650052: [
    401,
    'invalid_client',
    "The app is trying to access a service '{0}'({1}) that your organization '{2}' lacks a service principal for. Contact your IT Admin to review the configuration of your service subscriptions or consent to the application in order to create the required service principal.",
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
  65005: [
    400,
    'invalid_resource',
    "The application required resource access list does not contain applications discoverable by the resource: '{0}' is asked for by '{1}'({2}).",
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
  900561: [400, 'invalid_request', 'The endpoint only accepts POST requests. Received a {0} request.'],
  901002: [400, 'invalid_request', "The 'resource' request parameter is not supported."],
  900144: [400, 'invalid_request', "The request body must contain the following parameter: '{0}'."],
  9002313: [400, 'invalid_grant', 'Invalid request. Request is malformed or invalid.'],
  50050: [400, 'invalid_request', 'The request is malformed.'],
  70003: [400, 'unsupported_grant_type', "The app requested an unsupported grant type '{0}'."],
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
  700051: [400, 'unsupported_response_type', "response_type 'token' is not enabled for the application."],
  700054: [400, 'unsupported_response_type', "response_type '{0}' is not enabled for the application."],
  90023: [400, 'invalid_request', "Unsupported 'prompt' value."],
  90133: [400, 'invalid_request', 'Device Code flow is not supported under /common or /consumers endpoint.'],
  50011: [
    400,
    'invalid_request',
    "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the application '{1}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.",
  ],
  500113: [400, 'invalid_request', 'No reply address is registered for the application.'],
  900971: [400, 'invalid_request', 'No reply address provided.'],
  50147: [400, 'invalid_request', 'Missing code challenge: a code_challenge_method came without a code_challenge.'],
  50149: [400, 'invalid_request', 'Invalid Code_Challenge_method parameter.'],
  501491: [400, 'invalid_request', 'Invalid size of Code_Challenge parameter.'],
  90033: [503, 'temporarily_unavailable', 'A transient error has occurred. Please try again.'],
  50033: [503, 'temporarily_unavailable', 'A transient error has occurred. Please try again.'],
  90055: [
    429,
    'temporarily_unavailable',
    'The server is terminating the request because it has exceeded its limit of requests for this tenant.',
  ],
} as const satisfies Refusals
