import { createHash, createSecretKey, type KeyObject, randomUUID, X509Certificate } from 'node:crypto'
import { type JWTHeaderParameters, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import type { Stage, Witness } from '#emulator/test/entra/aadsts/witness.ts'
import {
  API_APP,
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH,
  GRAPH_DEFAULT,
  ISV,
  makeClientCertificate,
  PUBLIC_APP,
  SECRET,
} from '#emulator/test/support/estate.ts'

const good = makeClientCertificate()
const strange = makeClientCertificate()
const expired = makeClientCertificate(new Date('2020-01-01T00:00:00Z'), new Date('2021-01-01T00:00:00Z'))
/** What the estate knows of. */
export const certificates = [good.certificate, expired.certificate]

const scopes = [GRAPH_DEFAULT]
const byMsal = ({ clients }: Stage, tenant: string, options: Parameters<Stage['clients']['msal']>[1] = {}) =>
  clients.refusal(clients.msal(tenant, options).acquireTokenByClientCredential({ scopes }))
const byCertificate = ({ key, certificate }: typeof good) => ({
  clientCertificate: {
    thumbprintSha256: createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex'),
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  },
})
/** Signed with a registered key, whatever it says. */
const signedAssertion = (claims: Record<string, unknown>) =>
  new SignJWT({ iss: APP, sub: APP, ...claims })
    .setProtectedHeader({
      alg: 'PS256',
      'x5t#S256': createHash('sha256').update(new X509Certificate(good.certificate).raw).digest('base64url'),
    })
    .setExpirationTime('10m')
    .sign(good.key)
/** Of a header that no certificate stands behind. */
const assertionWith = (header: JWTHeaderParameters, key: KeyObject, aud: string) =>
  new SignJWT({ iss: APP, sub: APP, aud }).setProtectedHeader(header).setExpirationTime('10m').sign(key)
const audience = ({ emulator }: Stage, tenant = CONTOSO) => `${emulator.origin}/${tenant}/oauth2/v2.0/token`
const byOauth = async ({ clients }: Stage, tenant: string, scope = GRAPH_DEFAULT) => {
  const server = clients.server(tenant)
  const client = { client_id: APP }
  const response = oauth.clientCredentialsGrantRequest(server, client, clients.secret, { scope }, clients.options)
  return clients.refusal(oauth.processClientCredentialsResponse(server, client, await response))
}

/** The application by itself. */
export const appOnlyWitnesses: readonly Witness[] = [
  {
    code: 700016,
    client: 'MSAL Node',
    when: 'no application has the client id',
    error: 'unauthorized_client',
    text: /Application with identifier '[0-9a-f-]+' was not found in the directory 'Contoso'/,
    provoke: (stage) => byMsal(stage, CONTOSO, { clientId: randomUUID() }),
  },
  {
    code: 7000229,
    client: 'MSAL Node',
    when: 'the application has no service principal in the tenant',
    status: 401,
    error: 'invalid_client',
    text: new RegExp(`The client application ${APP} is missing service principal in the tenant ${FABRIKAM}`),
    provoke: (stage) => byMsal(stage, FABRIKAM),
  },
  {
    code: 7000112,
    client: 'MSAL Node',
    when: 'an administrator has disabled the service principal',
    error: 'unauthorized_client',
    text: new RegExp(`Application '${APP}'\\(Daemon\\) is disabled`),
    async provoke(stage) {
      await stage.emulator.directory.setServicePrincipalEnabled({ tenant: CONTOSO, app: APP, enabled: false })
      return byMsal(stage, CONTOSO)
    },
  },
  {
    code: 7000215,
    client: 'openid-client',
    when: 'the client secret is wrong',
    status: 401,
    error: 'invalid_client',
    text: /Invalid client secret provided/,
    async provoke({ clients }) {
      const config = await clients.openid(CONTOSO, { authentication: openid.ClientSecretPost('wrong') })
      return clients.refusal(openid.clientCredentialsGrant(config, { scope: GRAPH_DEFAULT }))
    },
  },
  {
    code: 7000222,
    client: 'MSAL Node',
    when: 'the client secret has run out, as the clock says',
    status: 401,
    error: 'invalid_client',
    text: new RegExp(`The provided client secret keys for app '${APP}' are expired`),
    provoke(stage) {
      stage.emulator.clock.advance({ days: 3 * 365 })
      return byMsal(stage, CONTOSO)
    },
  },
  {
    code: 7000218,
    client: 'openid-client',
    when: 'a confidential client shows no credential',
    status: 401,
    error: 'invalid_client',
    text: /must contain the following parameter: 'client_assertion' or 'client_secret'/,
    async provoke({ clients }) {
      const config = await clients.openid(CONTOSO, { authentication: openid.None() })
      return clients.refusal(openid.clientCredentialsGrant(config, { scope: GRAPH_DEFAULT }))
    },
  },
  {
    code: 700025,
    client: 'MSAL Node',
    when: 'a public client shows a secret',
    status: 401,
    error: 'invalid_client',
    text: /Client is public so neither 'client_assertion' nor 'client_secret' should be presented/,
    provoke: (stage) => byMsal(stage, CONTOSO, { clientId: PUBLIC_APP }),
  },
  {
    code: 700027,
    client: 'MSAL Node',
    when: 'the certificate is not registered',
    status: 401,
    error: 'invalid_client',
    text: /\[Reason - The key was not found\., Thumbprint of key used by client: '[0-9A-F]{64}'/,
    provoke: (stage) => byMsal(stage, CONTOSO, { credential: byCertificate(strange) }),
  },
  {
    code: 700024,
    client: 'MSAL Node',
    when: 'client and Microsoft do not agree about the time',
    status: 401,
    error: 'invalid_client',
    text: /Current time: \S+\.\d{7}Z, assertion valid from \S+\.0{7}Z, expiry time of assertion \S+\.0{7}Z\. Review the documentation at https/,
    provoke(stage) {
      stage.emulator.clock.advance({ hours: 2 })
      return byMsal(stage, CONTOSO, { credential: byCertificate(good) })
    },
  },
  {
    code: 50048,
    client: 'MSAL Node',
    when: 'issuer and subject of the assertion are two',
    status: 401,
    error: 'invalid_client',
    text: /Subject and issuer claims in the client assertion do not match/,
    provoke: async (stage) =>
      byMsal(stage, CONTOSO, {
        credential: {
          clientAssertion: await signedAssertion({ iss: randomUUID(), aud: audience(stage) }),
        },
      }),
  },
  {
    code: 700021,
    client: 'MSAL Node',
    when: 'the assertion speaks for another application',
    status: 401,
    error: 'invalid_client',
    text: /Client assertion application identifier doesn't match 'client_id' parameter/,
    provoke: async (stage) =>
      byMsal(stage, CONTOSO, {
        credential: {
          clientAssertion: await signedAssertion({ iss: API_APP, sub: API_APP, aud: audience(stage) }),
        },
      }),
  },
  {
    code: 700023,
    client: 'MSAL Node',
    when: 'the assertion is meant for another tenant, or for nobody here',
    status: 401,
    error: 'invalid_client',
    text: /Client assertion audience claim does not match Realm issuer/,
    provoke: async (stage) =>
      byMsal(stage, CONTOSO, {
        credential: { clientAssertion: await signedAssertion({ aud: audience(stage, FABRIKAM) }) },
      }),
  },
  {
    code: 50027,
    client: 'MSAL Node',
    when: 'the assertion is no JSON Web Token',
    error: 'invalid_request',
    text: /JWT token is invalid or malformed/,
    provoke: (stage) => byMsal(stage, CONTOSO, { credential: { clientAssertion: 'not-a-token' } }),
  },
  {
    code: 90014,
    client: 'MSAL Node',
    when: 'the assertion does not say for whom it is, or from whom',
    error: 'invalid_request',
    text: /The required field 'aud' is missing from the credential\. Ensure that you have all the necessary parameters/,
    provoke: async (stage) => byMsal(stage, CONTOSO, { credential: { clientAssertion: await signedAssertion({}) } }),
  },
  {
    code: 5002723,
    client: 'MSAL Node',
    when: 'the assertion does not say which key it was signed with',
    status: 401,
    error: 'invalid_client',
    text: /No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header/,
    provoke: async (stage) =>
      byMsal(stage, CONTOSO, {
        credential: { clientAssertion: await assertionWith({ alg: 'PS256' }, good.key, audience(stage)) },
      }),
  },
  {
    code: 5002738,
    client: 'MSAL Node',
    when: 'the assertion is signed with the secret',
    status: 401,
    error: 'invalid_client',
    text: /'HS256' is not a supported signature algorithm\. Supported signing algorithms are: 'RS256,RS384,RS512'/,
    provoke: async (stage) =>
      byMsal(stage, CONTOSO, {
        credential: {
          clientAssertion: await assertionWith(
            { alg: 'HS256', kid: 'k' },
            createSecretKey(Buffer.from(SECRET.padEnd(32))),
            audience(stage),
          ),
        },
      }),
  },
  {
    code: 1000502,
    client: 'MSAL Node',
    when: 'the registered certificate has run out',
    status: 401,
    error: 'invalid_client',
    text: /The provided certificate is not within its valid time range/,
    provoke: (stage) => byMsal(stage, CONTOSO, { credential: byCertificate(expired) }),
  },
  {
    code: 90002,
    client: 'oauth4webapi',
    when: 'there is no such tenant',
    error: 'invalid_request',
    text: /Tenant 'nosuch\.example' not found\. Check to make sure you have the correct tenant ID/,
    provoke: (stage) => byOauth(stage, 'nosuch.example'),
  },
  {
    code: 900023,
    client: 'oauth4webapi',
    when: 'the tenant is neither an id nor a domain',
    error: 'invalid_request',
    text: /Specified tenant identifier 'nonsense' is neither a valid DNS name, nor a valid external domain/,
    provoke: (stage) => byOauth(stage, 'nonsense'),
  },
  {
    code: 9001023,
    client: 'oauth4webapi',
    when: 'an application asks for itself on /common',
    error: 'invalid_request',
    text: /The grant type is not supported over the \/common or \/consumers endpoints/,
    provoke: (stage) => byOauth(stage, 'common'),
  },
  {
    code: 50059,
    client: 'oauth4webapi',
    when: 'an application asks for itself on /organizations',
    error: 'invalid_request',
    text: /No tenant-identifying information found in either the request or implied by any provided credentials/,
    provoke: (stage) => byOauth(stage, 'organizations'),
  },
  {
    code: 500011,
    client: 'MSAL Node',
    when: 'the tenant has no such resource',
    error: 'invalid_resource',
    text: /The resource principal named https:\/\/nobody\.example was not found in the tenant named Contoso/,
    provoke: ({ clients }) =>
      clients.refusal(
        clients.msal(CONTOSO).acquireTokenByClientCredential({ scopes: ['https://nobody.example/.default'] }),
      ),
  },
  {
    code: 500014,
    client: 'MSAL Node',
    when: 'the service principal of the resource is disabled',
    error: 'invalid_resource',
    text: /The service principal for resource 'https:\/\/graph\.microsoft\.com' is disabled/,
    async provoke(stage) {
      await stage.emulator.directory.setServicePrincipalEnabled({ tenant: CONTOSO, app: GRAPH, enabled: false })
      return byMsal(stage, CONTOSO)
    },
  },
  {
    code: 501051,
    client: 'MSAL Node',
    when: 'the resource lets only assigned applications in',
    error: 'invalid_grant',
    text: new RegExp(`Application '${APP}'\\(Daemon\\) is not assigned to a role for the application '${API_APP}'`),
    provoke: ({ clients }) =>
      clients.refusal(clients.msal(ISV).acquireTokenByClientCredential({ scopes: ['api://orders/.default'] })),
  },
  {
    code: 1002012,
    client: 'MSAL Node',
    when: 'an application asks for a single permission by itself',
    error: 'invalid_scope',
    text: /Client credential flows must have a scope value with \/\.default suffixed/,
    provoke: ({ clients }) =>
      clients.refusal(
        clients.msal(CONTOSO).acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/User.Read.All'] }),
      ),
  },
  {
    code: 901002,
    client: 'openid-client',
    when: 'version 2 is given a resource',
    error: 'invalid_request',
    text: /The 'resource' request parameter is not supported/,
    async provoke({ clients }) {
      const parameters = { scope: GRAPH_DEFAULT, resource: 'https://graph.microsoft.com' }
      return clients.refusal(openid.clientCredentialsGrant(await clients.openid(CONTOSO), parameters))
    },
  },
  {
    code: 900144,
    client: 'openid-client',
    when: 'a parameter is missing',
    error: 'invalid_request',
    text: /The request body must contain the following parameter: 'scope'/,
    provoke: async ({ clients }) => clients.refusal(openid.clientCredentialsGrant(await clients.openid(CONTOSO), {})),
  },
  {
    code: 70003,
    client: 'oauth4webapi',
    when: 'the grant is not known',
    error: 'unsupported_grant_type',
    text: /The app requested an unsupported grant type 'urn:ietf:params:oauth:grant-type:token-exchange'/,
    async provoke({ clients }) {
      const server = clients.server(CONTOSO)
      const client = { client_id: APP }
      const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'
      const response = await oauth.genericTokenEndpointRequest(
        server,
        client,
        clients.secret,
        grant,
        { subject_token: 'x' },
        clients.options,
      )
      return clients.refusal(oauth.processGenericTokenEndpointResponse(server, client, response))
    },
  },
  {
    code: 53003,
    client: 'MSAL Node',
    when: 'a policy of conditional access blocks the application, or the user',
    error: 'invalid_grant',
    suberror: 'message_only',
    challenges: true,
    text: /Access has been blocked by Conditional Access policies/,
    async provoke(stage) {
      await stage.emulator.directory.setConditionalAccess({
        tenant: CONTOSO,
        policies: [{ displayName: 'No foreign daemons', workloads: [APP], requires: 'block' }],
      })
      return byMsal(stage, CONTOSO)
    },
  },
  {
    code: 50049,
    client: 'MSAL Node',
    when: 'the client’s authority is no instance of Entra ID',
    error: 'invalid_instance',
    text: /Unknown or invalid instance/,
    async provoke({ clients }) {
      const { ConfidentialClientApplication } = await import('@azure/msal-node')
      const client = new ConfidentialClientApplication({
        auth: { clientId: APP, clientSecret: SECRET, authority: `https://login.evil.example/${CONTOSO}` },
        system: { networkClient: clients.network },
      })
      return clients.refusal(client.acquireTokenByClientCredential({ scopes }))
    },
  },
  ...(
    [
      [90033, 503, /A transient error has occurred\. Please try again/],
      [50033, 503, /A transient error has occurred/],
      [90055, 429, /exceeded its limit of requests/],
    ] as const
  ).map(
    ([code, status, text]): Witness => ({
      code,
      client: 'MSAL Node',
      when: 'mischief says so',
      byMischief: true,
      status,
      error: 'temporarily_unavailable',
      text,
      provoke(stage) {
        stage.emulator.mischief.once({ at: 'token', aadsts: code })
        return byMsal(stage, CONTOSO)
      },
    }),
  ),
]
