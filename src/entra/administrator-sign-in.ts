import { readGraphToken } from '#entra/graph-token.ts'
import { validateIdToken } from '#entra/id-token.ts'
import { withClient } from '#entra/msal.ts'
import type { Entra } from '#entra/open.ts'
import type { Account, DelegatedToken } from '#model/administrator.ts'
import { issuerOf } from '#model/cloud.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'

/** A tenant id, or `organizations` for whichever work account signs in. */
export type SignInAuthority = TenantId | 'organizations'

export type AuthorizationRequest = {
  tenant: SignInAuthority
  redirectUri: string
  scopes: readonly string[]
  state: string
  nonce: string
  challenge: string
  prompt?: 'select_account' | 'consent' | 'login'
}

/** Where to send the browser. MSAL adds `offline_access` by itself; it is taken out, since no refresh token is wanted. */
export async function authorizationUrl(entra: Entra, request: AuthorizationRequest): Promise<string> {
  const written = await withClient(entra, request.tenant, (client) =>
    client.getAuthCodeUrl({
      scopes: [...request.scopes],
      redirectUri: request.redirectUri,
      state: request.state,
      nonce: request.nonce,
      codeChallenge: request.challenge,
      codeChallengeMethod: 'S256',
      responseMode: 'query',
      ...(request.prompt ? { prompt: request.prompt } : {}),
    }),
  )
  const url = new URL(written)
  url.searchParams.set('scope', request.scopes.join(' '))
  return url.href
}

export type Redemption = {
  tenant: SignInAuthority
  code: string
  verifier: string
  nonce: string
  redirectUri: string
  scopes: readonly string[]
  /** The `iss` parameter of the redirect, where there was one. @see RFC 9207 */
  issuer?: string
}

export type SignedIn = { account: Account; token: DelegatedToken }

/**
 * Redeems the code on a client of its own and proves who signed in.
 * @throws Problem ID_TOKEN_INVALID, PERSONAL_ACCOUNT, TOKEN_OF_OTHER_TENANT, CODE_EXPIRED and whatever Entra ID answers
 */
export async function redeemCode(entra: Entra, redemption: Redemption): Promise<SignedIn> {
  const result = await redeem(entra, redemption)
  const account = await validateIdToken(entra, result.idToken, {
    nonce: redemption.nonce,
    accessToken: result.accessToken,
    code: redemption.code,
  })
  if (redemption.issuer !== undefined && redemption.issuer !== issuerOf(entra.cloud, account.tenantId)) throw mixedUp()
  if (result.accessToken && readGraphToken(entra, result.accessToken)?.tid !== account.tenantId) throw otherTenant()
  return {
    account,
    token: {
      tenantId: account.tenantId,
      value: result.accessToken,
      expiresAt: result.expiresOn ?? entra.clock.now(),
      scopes: result.scopes,
    },
  }
}

const redeem = (entra: Entra, { tenant, code, verifier, nonce, redirectUri, scopes }: Redemption) =>
  withClient(entra, tenant, (client) =>
    client.acquireTokenByCode({ code, codeVerifier: verifier, nonce, redirectUri, scopes: [...scopes] }),
  )

const otherTenant = () =>
  new Problem({
    code: 'TOKEN_OF_OTHER_TENANT',
    owner: 'operator',
    message: 'Microsoft gave an access token that is not for the tenant that signed in, this app and Microsoft Graph.',
    nextStep: 'Nothing was done with it. Report this at once: it must never happen.',
    retry: 'never',
    confidence: 'certain',
  })

const mixedUp = () =>
  new Problem({
    code: 'ID_TOKEN_INVALID',
    owner: 'operator',
    message: 'The answer names another issuer than the one that signed the administrator in.',
    nextStep: 'Start again. If it happens again, somebody may be in the middle: report it.',
    retry: 'never',
    confidence: 'certain',
  })
