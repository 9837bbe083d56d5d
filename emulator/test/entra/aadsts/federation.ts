import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, exportJWK, SignJWT } from 'jose'
import { ADMIN_APP } from '#emulator/test/entra/aadsts/estate.ts'
import { UMA } from '#emulator/test/entra/aadsts/user.ts'
import type { Seen, Stage, Witness } from '#emulator/test/entra/aadsts/witness.ts'
import { API_APP, APP, CONTOSO, FABRIKAM, GRAPH_DEFAULT, ISV } from '#emulator/test/support/estate.ts'
import { ask } from '#emulator/test/support/token.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const SUBJECT = 'repo:northwind/daemon'
const AUDIENCE = 'api://AzureADTokenExchange'

/** A foreign issuer, as GitHub is one, for as long as it is asked. */
async function withIssuer(
  work: (issuer: string) => Promise<Seen>,
  keys = async (): Promise<object> => ({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] }),
): Promise<Seen> {
  const server = createServer((request, response) => {
    const origin = `http://${request.headers.host}`
    void keys().then((published) => {
      const isConfiguration = request.url?.includes('openid-configuration')
      const body = isConfiguration ? { issuer: origin, jwks_uri: `${origin}/keys` } : published
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body))
    })
  }).listen(0, 'localhost')
  await once(server, 'listening')
  try {
    return await work(`http://localhost:${(server.address() as AddressInfo).port}`)
  } finally {
    server.close()
  }
}

/** Registers at Microsoft Graph who may vouch for the application, as an administrator does. */
export async function graph(
  stage: Stage,
  path: string,
  method: string,
  body?: object,
): Promise<Record<string, string>> {
  const token = await stage.clients
    .msal(ISV, { clientId: ADMIN_APP })
    .acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] })
  const answer = await ask(stage.emulator, `/v1.0/${path}`, {
    method,
    headers: { authorization: `Bearer ${token?.accessToken}`, 'content-type': 'application/json' },
    ...(body ? { json: body } : {}),
  })
  assert.ok(answer.status < 300, answer.text)
  return answer.body
}

const register = (stage: Stage, issuer: string, more: { subject?: string; audiences?: string[] } = {}) =>
  graph(stage, `applications(appId='${APP}')/federatedIdentityCredentials`, 'POST', {
    name: 'ci',
    issuer,
    subject: SUBJECT,
    audiences: [AUDIENCE],
    ...more,
  })

const byFederation = async (stage: Stage, clientAssertion: string): Promise<Seen> =>
  stage.clients.refusal(
    stage.clients
      .msal(CONTOSO, { credential: { clientAssertion } })
      .acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] }),
  )

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

const sign = (claims: Record<string, unknown>, kid = 'k') =>
  new SignJWT({ sub: SUBJECT, aud: AUDIENCE, iat: inSeconds(0), exp: inSeconds(300), ...claims })
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(privateKey)

const mismatch = (code: number, what: string, claims: { iss?: string; sub?: string; aud?: string }): Witness => ({
  code,
  client: 'MSAL Node',
  when: `the ${what} of another issuer’s token is not as registered`,
  error: 'invalid_client',
  status: 401,
  text: new RegExp(
    `No matching federated identity record found for presented assertion ${what} '[^']+'\\. Check your federated identity credential`,
  ),
  withoutPage: true,
  provoke: (stage) =>
    withIssuer(async (issuer) => {
      await register(stage, issuer)
      return byFederation(stage, await sign({ iss: issuer, ...claims }))
    }),
})

/** Another issuer’s token instead of a secret. */
export const federationWitnesses: readonly Witness[] = [
  {
    code: 70025,
    client: 'MSAL Node',
    when: 'nobody may vouch for the application',
    status: 401,
    error: 'invalid_client',
    text: new RegExp(`The client '${APP}'\\(Daemon\\) has no configured federated identity credentials`),
    provoke: async (stage) => byFederation(stage, await sign({ iss: 'https://token.example' })),
  },
  mismatch(700211, 'issuer', { iss: 'https://token.example' }),
  mismatch(700212, 'audience', { aud: 'api://other' }),
  mismatch(700213, 'subject', { sub: 'repo:northwind/Daemon' }),
  {
    code: 70023,
    client: 'MSAL Node',
    when: 'another issuer’s token lives longer than a day, or does not say since when',
    error: 'invalid_request',
    text: /must have a lifetime of less than or equal to 1\.01:00:00\. Token issued at 0\. Token expires on \d+\./,
    provoke: (stage) =>
      withIssuer(async (issuer) => {
        await register(stage, issuer)
        return byFederation(stage, await sign({ iss: issuer, iat: undefined }))
      }),
  },
  {
    code: 7000272,
    client: 'MSAL Node',
    when: 'another issuer has not published the key of its token',
    status: 401,
    error: 'invalid_client',
    text: /The certificate with identifier rolled used to sign the federated credential could not be found in the metadata of identity provider http:\/\/localhost:\d+\./,
    provoke: (stage) =>
      withIssuer(async (issuer) => {
        await register(stage, issuer)
        return byFederation(stage, await sign({ iss: issuer }, 'rolled'))
      }),
  },
  {
    code: 900612,
    client: 'MSAL Node',
    when: 'what another issuer publishes are no keys',
    error: 'invalid_request',
    text: /Failed to parse provider signing keys\./,
    withoutPage: true,
    provoke: (stage) =>
      withIssuer(
        async (issuer) => {
          await register(stage, issuer)
          return byFederation(stage, await sign({ iss: issuer }))
        },
        async () => ({ keys: 'none' }),
      ),
  },
  {
    code: 50166,
    client: 'MSAL Node',
    when: 'another issuer does not answer',
    error: 'invalid_request',
    text: /Request to External OIDC endpoint failed\./,
    withoutPage: true,
    async provoke(stage) {
      const nobody = 'http://localhost:9'
      await register(stage, nobody)
      return byFederation(stage, await sign({ iss: nobody }))
    },
  },
  {
    code: 700229,
    client: 'MSAL Node',
    when: 'the token that vouches is a user’s',
    status: 401,
    error: 'invalid_client',
    text: /Only app-only tokens may be used as Federated Identity Credentials for AAD issuer/,
    async provoke(stage) {
      const { clients } = stage
      const url = clients.authorizeUrl({ scope: 'openid api://orders/Orders.Read' })
      const code = (await clients.signInAndAccept(url, UMA)).url.searchParams.get('code') ?? ''
      const result = await clients.msal('organizations').acquireTokenByCode({
        code,
        redirectUri: 'http://localhost:3999/callback',
        scopes: ['api://orders/Orders.Read'],
      })
      const { iss = '', sub = '' } = decodeJwt(result.accessToken)
      assert.equal(iss, `${stage.emulator.origin}/${FABRIKAM}/v2.0`)
      await register(stage, iss, { subject: sub, audiences: [API_APP] })
      return byFederation(stage, result.accessToken)
    },
  },
]
