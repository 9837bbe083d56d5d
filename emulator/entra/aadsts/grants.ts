import type { Refusals } from '#emulator/entra/aadsts/refusals.ts'

/** What is brought: codes, refresh tokens, device codes and assertions of people. */
export const GRANTS = {
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
  700084: [
    400,
    'invalid_grant',
    "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which can't be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on {0}.",
  ],
  700005: [400, 'invalid_grant', 'Provided Authorization Code is intended to use against other tenant, thus rejected.'],
  700007: [400, 'invalid_grant', 'The grant was issued for a different client id.'],
  7000012: [400, 'invalid_grant', 'The grant was obtained for a different tenant.'],
  70043: [
    400,
    'invalid_grant',
    'The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on {0} and the maximum allowed lifetime for this request is {1}.',
  ],
  500112: [
    400,
    'invalid_grant',
    "The reply address '{0}' does not match the reply address '{1}' provided when requesting Authorization code.",
  ],
  501481: [
    400,
    'invalid_grant',
    'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  ],
  50148: [
    400,
    'invalid_grant',
    'The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.',
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
  50173: [
    400,
    'invalid_grant',
    "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '{0}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{1}'.",
  ],
  50196: [
    400,
    'invalid_grant',
    'The server terminated an operation because it encountered a client request loop. Please contact your app vendor.',
  ],
} as const satisfies Refusals
