import type { Refusals } from '#emulator/entra/aadsts/refusals.ts'

/** Who asks: the client and its proof, with a secret, a certificate or a token of another issuer. */
export const CLIENTS = {
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
  700025: [
    401,
    'invalid_client',
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
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
  70025: [401, 'invalid_client', "The client '{0}'({1}) has no configured federated identity credentials."],
  700229: [401, 'invalid_client', 'Only app-only tokens may be used as Federated Identity Credentials for AAD issuer.'],
  50166: [400, 'invalid_request', 'Request to External OIDC endpoint failed.'],
  900612: [400, 'invalid_request', 'Failed to parse provider signing keys.'],
  7000272: [
    401,
    'invalid_client',
    "The certificate with identifier {0} used to sign the federated credential could not be found in the metadata of identity provider {1}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.",
  ],
} as const satisfies Refusals
