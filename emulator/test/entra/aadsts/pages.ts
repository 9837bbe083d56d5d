import { atAddress, page } from '#emulator/test/entra/aadsts/clients.ts'
import { BARE_APP, HYBRID_APP, UNVERIFIED_APP } from '#emulator/test/entra/aadsts/estate.ts'
import { graph } from '#emulator/test/entra/aadsts/federation.ts'
import { UMA } from '#emulator/test/entra/aadsts/user.ts'
import type { Seen, Stage, Witness } from '#emulator/test/entra/aadsts/witness.ts'
import { API_APP, APP, CONTOSO, FABRIKAM, GRAPH_DEFAULT, SINGLE_APP } from '#emulator/test/support/estate.ts'
import { ask } from '#emulator/test/support/token.ts'

const GRACE = 'grace@fabrikam.example'
const ADMIN_SCOPE = 'openid Application.Read.All'

const open = async ({ clients }: Stage, parameters: Record<string, string | undefined>, path?: string): Promise<Seen> =>
  page(await clients.browser().open(clients.authorizeUrl(parameters, path)))
const opened = async ({ clients }: Stage, parameters: Record<string, string | undefined>): Promise<Seen> =>
  atAddress(await clients.browser().open(clients.authorizeUrl(parameters)))
const signedIn = async ({ clients }: Stage, username: string, parameters: Record<string, string>): Promise<Seen> =>
  page(await clients.signIn(clients.authorizeUrl(parameters), username))

/** Somebody signs in, presses a button, and is sent back. */
async function pressed(
  { clients }: Stage,
  username: string,
  { action, parameters }: { action: string; parameters: Record<string, string> },
): Promise<Seen> {
  const browser = clients.browser()
  const account = await browser.open(clients.authorizeUrl(parameters))
  const password = await browser.press(account, { action: 'next', loginfmt: username })
  const next = await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' })
  return atAddress(await browser.press(next, { action }))
}

const declinesApproval = (code: number, when: string, text: RegExp, more: Partial<Witness> = {}): Witness => ({
  code,
  client: 'oauth4webapi',
  when,
  error: 'access_denied',
  text,
  provoke: (stage) => pressed(stage, UMA, { action: 'cancel', parameters: { scope: ADMIN_SCOPE } }),
  ...more,
})

/** What stands on a page, because there is no address that could be trusted with it. */
const onPages: readonly Witness[] = [
  {
    code: 50011,
    client: 'a browser',
    when: 'the redirect address is not registered',
    text: /The redirect URI 'https:\/\/evil\.example\/' specified in the request does not match/,
    provoke: (stage) => open(stage, { redirect_uri: 'https://evil.example/' }),
  },
  {
    code: 9002332,
    client: 'a browser',
    when: 'an application that takes no personal accounts sends somebody to /consumers',
    text: new RegExp(`Application '${APP}'\\(Daemon\\) is configured for use by Azure Active Directory users only`),
    provoke: (stage) => open(stage, {}, 'consumers/oauth2/v2.0/authorize'),
  },
  {
    code: 500113,
    client: 'a browser',
    when: 'the application has no redirect address',
    text: /No reply address is registered for the application/,
    provoke: (stage) => open(stage, { client_id: BARE_APP }),
  },
  {
    code: 900971,
    client: 'a browser',
    when: 'there is no redirect address, neither registered nor asked for',
    text: /No reply address provided/,
    provoke: (stage) => open(stage, { client_id: BARE_APP, redirect_uri: undefined }),
  },
  {
    code: 50194,
    client: 'a browser',
    when: 'an application of one tenant asks on /common',
    text: /is not configured as a multi-tenant application\. Usage of the \/common endpoint is not supported/,
    provoke: (stage) => open(stage, { client_id: SINGLE_APP }, 'common/oauth2/v2.0/authorize'),
  },
  {
    code: 501491,
    client: 'a browser',
    when: 'the challenge is too short or too long',
    text: /Invalid size of Code_Challenge parameter/,
    provoke: (stage) => open(stage, { code_challenge: 'short' }),
  },
  {
    code: 50149,
    client: 'a browser',
    when: 'the challenge is made in a way that is not known',
    text: /Invalid Code_Challenge_method parameter/,
    provoke: (stage) => open(stage, { code_challenge: 'c'.repeat(43), code_challenge_method: 'S512' }),
  },
  {
    code: 50147,
    client: 'a browser',
    when: 'a method comes without a challenge',
    text: /Missing code challenge/,
    provoke: (stage) => open(stage, { code_challenge_method: 'S256' }),
  },
  {
    code: 500021,
    client: 'a browser',
    when: 'the proxy of the network lets nobody into this tenant',
    text: /Access to 'Contoso' tenant is denied/,
    async provoke({ emulator, clients }) {
      const url = new URL(clients.authorizeUrl({}, `${CONTOSO}/oauth2/v2.0/authorize`))
      const headers = { 'sec-restrict-tenant-access-policy': `${FABRIKAM}:3f2504e0-4f89-41d3-9a0c-0305e82c3301` }
      const { status, text } = await ask(emulator, url.pathname + url.search, { headers })
      return { kind: 'page', status, text }
    },
  },
  {
    code: 650051,
    client: 'a browser',
    when: 'the application is so new that the tenant does not know it yet (lag)',
    text: /does not exist yet in the tenant 'Northwind'/,
    async provoke(stage) {
      stage.emulator.lag.set({ applicationReferences: 3 })
      const made = await graph(stage, 'applications', 'POST', {
        displayName: 'New',
        signInAudience: 'AzureADMultipleOrgs',
        web: { redirectUris: ['http://localhost:3999/callback'] },
      })
      const browser = stage.clients.browser()
      const url = stage.clients.authorizeUrl({ client_id: made.appId, scope: 'openid User.Read' })
      const password = await browser.press(await browser.open(url), {
        action: 'next',
        loginfmt: 'olivia@northwind.example',
      })
      const consent = await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' })
      return page(await browser.press(consent, { action: 'accept' }))
    },
  },
  {
    code: 650052,
    client: 'a browser',
    when: 'the tenant has no service principal of the resource',
    text: new RegExp(`trying to access a service '${API_APP}'\\(Orders\\) that your organization '${FABRIKAM}' lacks`),
    async provoke(stage) {
      await stage.emulator.directory.deleteServicePrincipal({ tenant: FABRIKAM, app: API_APP })
      return signedIn(stage, GRACE, { scope: 'api://orders/Orders.Read' })
    },
  },
  {
    code: 650054,
    client: 'a browser',
    when: 'the registration lists a permission that its resource has no more',
    text: new RegExp(
      `The application '${APP}' asked for permissions to access a resource 'Orders' that has been removed`,
    ),
    async provoke(stage) {
      const api = `applications(appId='${API_APP}')`
      const {
        api: { oauth2PermissionScopes: scopes },
      } = (await graph(stage, api, 'GET')) as unknown as { api: { oauth2PermissionScopes: object[] } }
      // Whoever removes a permission disables it first.
      for (const left of [scopes.map((scope) => ({ ...scope, isEnabled: false })), []])
        await graph(stage, api, 'PATCH', { api: { oauth2PermissionScopes: left } })
      return signedIn(stage, GRACE, { scope: GRAPH_DEFAULT })
    },
  },
  {
    code: 65005,
    client: 'a browser',
    when: 'the registration lists a resource that is nowhere',
    text: new RegExp(`does not contain applications discoverable by the resource: '${API_APP}'`),
    async provoke(stage) {
      await graph(stage, `applications(appId='${API_APP}')`, 'DELETE')
      return signedIn(stage, GRACE, { scope: GRAPH_DEFAULT })
    },
  },
  {
    code: 650056,
    client: 'a browser',
    when: 'the registration lists no permission at all',
    text: /the client has not listed any permissions for 'Microsoft Graph' in the requested permissions/,
    provoke: (stage) => signedIn(stage, GRACE, { client_id: API_APP, scope: GRAPH_DEFAULT }),
  },
  {
    code: 650057,
    client: 'a browser',
    when: 'the registration lists nothing of this resource',
    text: /Resource value from request: https:\/\/management\.azure\.com\. .* List of valid resources from app registration: 00000003-0000-0000-c000-000000000000/,
    provoke: (stage) => signedIn(stage, GRACE, { scope: 'https://management.azure.com/.default' }),
  },
]

/** What is told at the client’s own address. */
const atAddresses: readonly Witness[] = [
  {
    code: 50058,
    client: 'oauth4webapi',
    when: 'prompt=none, and nobody is signed in',
    error: 'login_required',
    text: /A silent sign-in request was sent but no user is signed in/,
    provoke: (stage) => opened(stage, { prompt: 'none' }),
  },
  {
    code: 16000,
    client: 'oauth4webapi',
    when: 'prompt=none, and two accounts are signed in',
    error: 'interaction_required',
    text: /Either multiple user identities are available for the current request/,
    async provoke({ clients }) {
      const browser = clients.browser()
      for (const username of [UMA, GRACE]) {
        const account = await browser.open(clients.authorizeUrl({ prompt: 'login' }))
        const password = await browser.press(account, { action: 'next', loginfmt: username })
        await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' })
      }
      return atAddress(await browser.open(clients.authorizeUrl({ prompt: 'none' })))
    },
  },
  {
    code: 50196,
    client: 'oauth4webapi',
    when: 'one browser asks the same more than 15 times in five minutes',
    error: 'invalid_grant',
    text: /it encountered a client request loop/,
    async provoke({ clients }) {
      const browser = clients.browser()
      const password = await browser.press(await browser.open(clients.authorizeUrl()), {
        action: 'next',
        loginfmt: UMA,
      })
      await browser.press(await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' }), {
        action: 'accept',
      })
      for (let times = 0; times < 14; times++) await browser.open(clients.authorizeUrl())
      return atAddress(await browser.open(clients.authorizeUrl()))
    },
  },
  {
    code: 65004,
    client: 'oauth4webapi',
    when: 'the user does not consent',
    error: 'access_denied',
    text: /User declined to consent to access the app/,
    provoke: (stage) => pressed(stage, UMA, { action: 'cancel', parameters: {} }),
  },
  declinesApproval(
    90094,
    'an ordinary user meets a permission that only an administrator can grant',
    /Daemon needs permission to access resources in your organization that only an admin can grant/,
  ),
  declinesApproval(
    90093,
    'the tenant’s policy lets no user consent',
    /An administrator of Fabrikam has set a policy that prevents you from granting Daemon/,
    {
      async provoke(stage) {
        await stage.emulator.directory.setConsentPolicy({ tenant: FABRIKAM, userConsent: 'disabled' })
        return pressed(stage, UMA, { action: 'cancel', parameters: { scope: 'openid Mail.Read' } })
      },
    },
  ),
  declinesApproval(900941, 'the publisher is not verified, and more than the basics is asked for', /Stranger/, {
    provoke: (stage) =>
      pressed(stage, UMA, { action: 'cancel', parameters: { client_id: UNVERIFIED_APP, scope: 'openid Mail.Read' } }),
  }),
  declinesApproval(
    90095,
    'the user has asked an administrator for approval',
    /An admin consent request has been sent/,
    {
      async provoke(stage) {
        await stage.emulator.directory.setConsentPolicy({ tenant: FABRIKAM, adminConsentWorkflow: true })
        return pressed(stage, UMA, { action: 'request', parameters: { scope: ADMIN_SCOPE } })
      },
    },
  ),
  declinesApproval(900981, 'the user has asked for approval of an app of an unverified publisher', /risky app/, {
    async provoke(stage) {
      await stage.emulator.directory.setConsentPolicy({ tenant: FABRIKAM, adminConsentWorkflow: true })
      return pressed(stage, UMA, {
        action: 'request',
        parameters: { client_id: UNVERIFIED_APP, scope: 'openid Mail.Read' },
      })
    },
  }),
  {
    code: 700054,
    client: 'oauth4webapi',
    when: 'an ID token is asked of /authorize, which the registration does not allow',
    error: 'unsupported_response_type',
    text: /response_type 'id_token' is not enabled for the application/,
    provoke: (stage) => opened(stage, { response_type: 'code id_token', nonce: 'n' }),
  },
  {
    code: 700051,
    client: 'oauth4webapi',
    when: 'an access token is asked of /authorize, which the registration does not allow',
    error: 'unsupported_response_type',
    text: /response_type 'token' is not enabled for the application/,
    provoke: (stage) => opened(stage, { response_type: 'token' }),
  },
  {
    code: 70005,
    client: 'oauth4webapi',
    when: 'the response type is not known, or wants the scope openid',
    error: 'unsupported_response_type',
    text: /The value 'magic' is not known/,
    provoke: (stage) => opened(stage, { response_type: 'magic' }),
  },
  {
    code: 90023,
    client: 'oauth4webapi',
    when: 'the prompt is not known, or there are two',
    error: 'invalid_request',
    text: /Unsupported 'prompt' value/,
    provoke: (stage) => opened(stage, { prompt: 'consent select_account' }),
  },
  {
    code: 70007,
    client: 'oauth4webapi',
    when: 'a token is wanted in the query',
    error: 'unsupported_response_mode',
    text: /'query' is not a supported value of 'response_mode' when requesting a token/,
    provoke: (stage) =>
      opened(stage, { client_id: HYBRID_APP, response_type: 'id_token', response_mode: 'query', nonce: 'n' }),
  },
]

/** What a browser or a tool gets that asks a program’s address by hand. */
const byHand: readonly Witness[] = [
  {
    code: 900561,
    client: 'a browser',
    when: 'the token endpoint is opened like a page',
    error: 'invalid_request',
    text: /The endpoint only accepts POST requests\. Received a GET request/,
    provoke: ({ emulator }) => got(ask(emulator, `/${CONTOSO}/oauth2/v2.0/token`)),
  },
  {
    code: 50050,
    client: 'a browser',
    when: 'instance discovery is asked about nothing',
    error: 'invalid_request',
    text: /The request is malformed/,
    provoke: ({ emulator }) => got(ask(emulator, '/common/discovery/instance?api-version=1.1')),
  },
]

async function got(answer: ReturnType<typeof ask>): Promise<Seen> {
  const { status, body } = await answer
  return { kind: 'answer', status, body, thrown: new Error('a browser throws nothing') }
}

export const pageWitnesses: readonly Witness[] = [...onPages, ...atAddresses, ...byHand]
