import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { SPA_APP, SPA_REDIRECT } from '#emulator/test/entra/aadsts/estate.ts'
import { codeForMsal, refreshTokenOf, renew, UMA } from '#emulator/test/entra/aadsts/user.ts'
import type { Stage, Witness } from '#emulator/test/entra/aadsts/witness.ts'
import { API_APP, APP, CONTOSO, FABRIKAM, REDIRECT, SECRET } from '#emulator/test/support/estate.ts'

const VERIFIER = 'a-verifier-that-is-long-enough-for-the-rules-of-rfc-7636'
const PAGE = { origin: 'http://localhost:3998' }

/** A code by hand, and its redemption by oauth4webapi, which sends what it is told. */
async function redeem(
  { clients }: Stage,
  {
    authorize = {},
    verifier = VERIFIER,
    headers = {},
    scope,
    clientId = APP,
    redirectUri = REDIRECT,
  }: {
    authorize?: Record<string, string>
    verifier?: string | typeof oauth.nopkce
    headers?: Record<string, string>
    scope?: string
    clientId?: string
    redirectUri?: string
  },
) {
  const pkce =
    verifier === oauth.nopkce
      ? {}
      : { code_challenge: await oauth.calculatePKCECodeChallenge(VERIFIER), code_challenge_method: 'S256' }
  const url = clients.authorizeUrl({ client_id: clientId, redirect_uri: redirectUri, ...pkce, ...authorize })
  const back = await clients.signInAndAccept(url, UMA)
  const server = clients.server(FABRIKAM)
  const client = { client_id: clientId }
  const answer = oauth.validateAuthResponse(server, client, back.url, 's')
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    clientId === APP ? clients.secret : oauth.None(),
    answer,
    redirectUri,
    verifier,
    {
      ...clients.options,
      headers,
      ...(scope === undefined ? {} : { additionalParameters: { scope } }),
    },
  )
  return oauth.processAuthorizationCodeResponse(server, client, response)
}

/** Without an ID token, whose times this client would hold against its own clock. */
const spaTokens = (stage: Stage) =>
  redeem(stage, {
    authorize: { scope: 'offline_access User.Read' },
    clientId: SPA_APP,
    redirectUri: SPA_REDIRECT,
    headers: PAGE,
  })

async function onBehalfOf(stage: Stage, assertion: string) {
  const api = stage.clients.msal(FABRIKAM, { clientId: API_APP })
  return stage.clients.refusal(api.acquireTokenOnBehalfOf({ oboAssertion: assertion, scopes: ['User.Read'] }))
}
async function tokenForApi(stage: Stage): Promise<string> {
  const { access_token } = await redeem(stage, {
    authorize: { scope: 'openid api://orders/Orders.Read' },
    scope: 'api://orders/Orders.Read',
  })
  return access_token
}

/** Codes, refresh tokens, and tokens on behalf of. */
export const redemptionWitnesses: readonly Witness[] = [
  {
    code: 9002313,
    client: 'MSAL Node',
    when: 'a code or refresh token is nonsense',
    error: 'invalid_grant',
    text: /Invalid request\. Request is malformed or invalid/,
    provoke: ({ clients }) =>
      clients.refusal(
        clients
          .msal('organizations')
          .acquireTokenByCode({ code: 'nonsense', redirectUri: REDIRECT, scopes: ['User.Read'] }),
      ),
  },
  {
    code: 700007,
    client: 'openid-client',
    when: 'a code or a refresh token belongs to another client',
    error: 'invalid_grant',
    text: /The grant was issued for a different client id\./,
    async provoke(stage) {
      const token = await refreshTokenOf(stage)
      const other = await stage.clients.openid(FABRIKAM, { clientId: API_APP })
      return stage.clients.refusal(openid.refreshTokenGrant(other, token))
    },
  },
  {
    code: 7000012,
    client: 'MSAL Node',
    when: 'the refresh token of a work account is used at /consumers',
    error: 'invalid_grant',
    text: /The grant was obtained for a different tenant\./,
    withoutPage: true,
    async provoke(stage) {
      const refreshToken = await refreshTokenOf(stage)
      const consumers = stage.clients.msal('consumers')
      return stage.clients.refusal(consumers.acquireTokenByRefreshToken({ refreshToken, scopes: ['User.Read'] }))
    },
  },
  {
    code: 500112,
    client: 'MSAL Node',
    when: 'a code is redeemed with another redirect address than it was asked for with',
    error: 'invalid_grant',
    text: /The reply address 'http:\/\/localhost:3999\/other' does not match the reply address 'http:\/\/localhost:3999\/callback'/,
    async provoke(stage) {
      const request = { ...(await codeForMsal(stage)), redirectUri: `${new URL(REDIRECT).origin}/other` }
      return stage.clients.refusal(stage.clients.msal('organizations').acquireTokenByCode(request))
    },
  },
  {
    code: 54005,
    client: 'MSAL Node',
    when: 'a code is redeemed twice',
    error: 'invalid_grant',
    text: /OAuth2 Authorization code was already redeemed/,
    async provoke(stage) {
      const request = await codeForMsal(stage)
      await stage.clients.msal('organizations').acquireTokenByCode(request)
      return stage.clients.refusal(stage.clients.msal('organizations').acquireTokenByCode(request))
    },
  },
  {
    code: 70008,
    client: 'MSAL Node',
    when: 'a code is older than ten minutes',
    error: 'invalid_grant',
    text: /The provided authorization code or refresh token has expired/,
    async provoke(stage) {
      const request = await codeForMsal(stage)
      stage.emulator.clock.advance({ minutes: 11 })
      return stage.clients.refusal(stage.clients.msal('organizations').acquireTokenByCode(request))
    },
  },
  {
    code: 700005,
    client: 'MSAL Node',
    when: 'a code is redeemed in another tenant',
    error: 'invalid_grant',
    text: /Provided Authorization Code is intended to use against other tenant/,
    provoke: async (stage) =>
      stage.clients.refusal(stage.clients.msal(CONTOSO).acquireTokenByCode(await codeForMsal(stage))),
  },
  {
    code: 501481,
    client: 'MSAL Node',
    when: 'the verifier is not the one of the challenge',
    error: 'invalid_grant',
    text: /The Code_Verifier does not match the code_challenge/,
    async provoke(stage) {
      const request = { ...(await codeForMsal(stage)), codeVerifier: `${VERIFIER}-another` }
      return stage.clients.refusal(stage.clients.msal('organizations').acquireTokenByCode(request))
    },
  },
  {
    code: 50148,
    client: 'MSAL Node',
    when: 'a challenge and no verifier came, or a verifier and no challenge',
    error: 'invalid_grant',
    text: /The code_verifier does not match the code_challenge supplied in the authorization request for PKCE/,
    async provoke(stage) {
      const { codeVerifier: _, ...request } = await codeForMsal(stage)
      return stage.clients.refusal(stage.clients.msal('organizations').acquireTokenByCode(request))
    },
  },
  {
    code: 28000,
    client: 'oauth4webapi',
    when: 'a code is redeemed for two resources at once',
    error: 'invalid_request',
    text: /contains more than one resource/,
    provoke: (stage) =>
      stage.clients.refusal(redeem(stage, { scope: 'https://graph.microsoft.com/User.Read api://orders/Orders.Read' })),
  },
  {
    code: 28003,
    client: 'oauth4webapi',
    when: 'a code is redeemed for an empty scope',
    error: 'invalid_request',
    text: /scope can't be empty when requesting an access token using the provided authorization code/,
    provoke: (stage) => stage.clients.refusal(redeem(stage, { scope: ' ' })),
  },
  {
    code: 9002325,
    client: 'oauth4webapi',
    when: 'a page redeems a code that has no challenge',
    error: 'invalid_request',
    text: /Proof Key for Code Exchange is required/,
    provoke: (stage) =>
      stage.clients.refusal(
        redeem(stage, { clientId: SPA_APP, redirectUri: SPA_REDIRECT, headers: PAGE, verifier: oauth.nopkce }),
      ),
  },
  {
    code: 9002326,
    client: 'oauth4webapi',
    when: 'a page redeems the code of a server’s address',
    error: 'invalid_request',
    text: /permitted only for the 'Single-Page Application' client-type\. Request origin: 'http:\/\/localhost:3998'/,
    provoke: (stage) => stage.clients.refusal(redeem(stage, { headers: PAGE })),
  },
  {
    code: 9002327,
    client: 'oauth4webapi',
    when: 'a server redeems the code of a page’s address',
    error: 'invalid_request',
    text: /may only be redeemed via cross-origin requests/,
    provoke: (stage) => stage.clients.refusal(redeem(stage, { clientId: SPA_APP, redirectUri: SPA_REDIRECT })),
  },
  {
    code: 700084,
    client: 'oauth4webapi',
    when: 'the refresh token of a page is older than a day, however often it was renewed',
    error: 'invalid_grant',
    text: /limited lifetime of 1\.00:00:00, which can't be extended\..* The token was issued on \d{4}-/,
    async provoke(stage) {
      const { clients, emulator } = stage
      const server = clients.server(FABRIKAM)
      const client = { client_id: SPA_APP }
      const renewed = async (token: string | undefined) => {
        const options = { ...clients.options, headers: PAGE }
        const response = oauth.refreshTokenGrantRequest(server, client, oauth.None(), token ?? '', options)
        return oauth.processRefreshTokenResponse(server, client, await response)
      }
      const first = await spaTokens(stage)
      emulator.clock.advance({ hours: 20 })
      const second = await renewed(first.refresh_token)
      emulator.clock.advance({ hours: 5 })
      return clients.refusal(renewed(second.refresh_token))
    },
  },
  {
    code: 700082,
    client: 'MSAL Node',
    when: 'a refresh token lay idle for 90 days',
    error: 'invalid_grant',
    text: /The token was issued on \d{4}-\S+ and was inactive for 90\.00:00:00/,
    async provoke(stage) {
      const token = await refreshTokenOf(stage)
      stage.emulator.clock.advance({ days: 91 })
      return renew(stage, token)
    },
  },
  {
    code: 65001,
    client: 'MSAL Node',
    when: 'nobody has consented to what is asked for',
    error: 'invalid_grant',
    suberror: 'consent_required',
    text: new RegExp(`has not consented to use the application with ID '${APP}' named 'Daemon'`),
    provoke: async (stage) => renew(stage, await refreshTokenOf(stage), FABRIKAM, ['Mail.Read']),
  },
  {
    code: 70011,
    client: 'MSAL Node',
    when: 'there is no such permission',
    error: 'invalid_scope',
    text: /The provided value for the input parameter 'scope' is not valid\. The scope No\.Such\.Permission is not valid/,
    provoke: async (stage) => renew(stage, await refreshTokenOf(stage), FABRIKAM, ['No.Such.Permission']),
  },
  {
    code: 50020,
    client: 'MSAL Node',
    when: 'an account is a stranger in the tenant',
    error: 'invalid_grant',
    text: new RegExp(
      `User account 'uma@fabrikam\\.example' from identity provider 'https://sts\\.windows\\.net/${FABRIKAM}/' does not exist in tenant 'Contoso' and cannot access the application '${APP}'\\(Daemon\\)`,
    ),
    provoke: async (stage) => renew(stage, await refreshTokenOf(stage), CONTOSO),
  },
  {
    code: 90072,
    client: 'MSAL Node',
    when: 'an account is a stranger in a tenant that wants a second factor',
    error: 'invalid_grant',
    text: /The account needs to be added as an external user in the tenant first/,
    async provoke(stage) {
      const token = await refreshTokenOf(stage)
      await stage.emulator.directory.setConditionalAccess({
        tenant: CONTOSO,
        policies: [{ displayName: 'Second factor for all', users: 'all', requires: 'mfa' }],
      })
      return renew(stage, token, CONTOSO)
    },
  },
  {
    code: 500131,
    client: 'MSAL Node',
    when: 'on behalf of: the token is for another application',
    error: 'invalid_grant',
    text: /Assertion audience does not match the Client app/,
    async provoke(stage) {
      const token = await stage.clients.msal(CONTOSO).acquireTokenByClientCredential({
        scopes: ['https://graph.microsoft.com/.default'],
      })
      return onBehalfOf(stage, token?.accessToken ?? assert.fail())
    },
  },
  {
    code: 50013,
    client: 'MSAL Node',
    when: 'on behalf of: the token is forged, or no user’s; federation: another key',
    error: 'invalid_grant',
    text: /Assertion failed signature validation/,
    provoke: async (stage) => onBehalfOf(stage, `${(await tokenForApi(stage)).slice(0, -4)}AAAA`),
  },
  {
    code: 500133,
    client: 'MSAL Node',
    when: 'on behalf of: the token has run out',
    error: 'invalid_grant',
    text: /Current time: \S+Z, expiry time of assertion \S+Z/,
    async provoke(stage) {
      const token = await tokenForApi(stage)
      stage.emulator.clock.advance({ hours: 2 })
      return onBehalfOf(stage, token)
    },
  },
  {
    code: 700016,
    client: 'openid-client',
    when: 'no application has the client id',
    error: 'unauthorized_client',
    text: /was not found in the directory/,
    async provoke({ clients }) {
      const config = await clients.openid(FABRIKAM, {
        clientId: randomUUID(),
        authentication: openid.ClientSecretPost(SECRET),
      })
      return clients.refusal(openid.refreshTokenGrant(config, 'any'))
    },
  },
]
