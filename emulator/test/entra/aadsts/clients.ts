import assert from 'node:assert/strict'
import {
  ConfidentialClientApplication,
  type Configuration,
  type INetworkModule,
  PublicClientApplication,
} from '@azure/msal-node'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { Agent, fetch } from 'undici'
import type { Emulator } from '#emulator/index.ts'
import type { Seen } from '#emulator/test/entra/aadsts/witness.ts'
import { authorizeUrl } from '#emulator/test/support/authorize-url.ts'
import { openBrowser, type Page, signIn, signInAndAccept } from '#emulator/test/support/browser.ts'
import { APP, SECRET } from '#emulator/test/support/estate.ts'

export type Clients = ReturnType<typeof openClients>
type Body = Record<string, unknown>
type Credential = Pick<Configuration['auth'], 'clientSecret' | 'clientCertificate' | 'clientAssertion'>

/** The real clients, unmodified; only their last answer is kept, so that it can be looked at beside what they made of it. */
export function openClients(emulator: Emulator) {
  const dispatcher = new Agent({ connect: { ca: emulator.ca } })
  let last: { status: number; body: Body } = { status: 0, body: {} }
  const send = async (url: string, options: object): Promise<Response> => {
    const response = (await fetch(atHome(emulator, url), { ...options, dispatcher })) as unknown as Response
    last = { status: response.status, body: (await response.clone().json()) as Body }
    return response
  }
  const network: INetworkModule = {
    sendGetRequestAsync: (url, options) => msalAnswer(send(url, { headers: options?.headers ?? {} })),
    sendPostRequestAsync: (url, options) =>
      msalAnswer(send(url, { method: 'POST', headers: options?.headers ?? {}, body: options?.body ?? '' })),
  }
  const auth = (tenant: string, clientId: string) => ({
    clientId,
    authority: `${emulator.origin}/${tenant}`,
    knownAuthorities: [new URL(emulator.origin).host],
  })
  const options = { [oauth.customFetch]: send }

  /** What a call of a client that must fail has brought. */
  const refusal = async (call: Promise<unknown>): Promise<Seen> => {
    const thrown = await call.then(
      () => assert.fail('it was not refused'),
      (error: unknown) => error,
    )
    return { kind: 'answer', ...last, thrown }
  }

  return {
    refusal,
    last: () => last,
    network,
    msal: (
      tenant: string,
      { clientId = APP, credential = { clientSecret: SECRET } }: { clientId?: string; credential?: Credential } = {},
    ) =>
      new ConfidentialClientApplication({
        auth: { ...auth(tenant, clientId), ...credential },
        system: { networkClient: network },
      }),
    msalPublic: (tenant: string, clientId: string) =>
      new PublicClientApplication({ auth: auth(tenant, clientId), system: { networkClient: network } }),
    openid: (tenant: string, { clientId = APP, authentication = openid.ClientSecretPost(SECRET) } = {}) =>
      openid.discovery(new URL(`${emulator.origin}/${tenant}/v2.0`), clientId, undefined, authentication, {
        [openid.customFetch]: send as unknown as openid.CustomFetch,
        execute: [openid.allowInsecureRequests],
      }),
    /** An authorization server as oauth4webapi knows it, without discovery. */
    server: (tenant: string): oauth.AuthorizationServer => ({
      issuer: `${emulator.origin}/${tenant}/v2.0`,
      token_endpoint: `${emulator.origin}/${tenant}/oauth2/v2.0/token`,
      device_authorization_endpoint: `${emulator.origin}/${tenant}/oauth2/v2.0/devicecode`,
    }),
    options,
    secret: oauth.ClientSecretPost(SECRET),

    browser: () => openBrowser(emulator),
    signIn: (url: string, username: string) => signIn(openBrowser(emulator), url, { username }),
    signInAndAccept: (url: string, username: string) => signInAndAccept(openBrowser(emulator), url, { username }),
    authorizeUrl: (parameters?: Record<string, string | undefined>, path?: string) =>
      authorizeUrl(emulator, parameters, path),
  }
}

/** MSAL asks Microsoft’s own address about authorities that it does not know. */
const atHome = (emulator: Emulator, url: string): string =>
  url.replace('https://login.microsoftonline.com', emulator.origin)

async function msalAnswer<Body>(response: Promise<Response>) {
  const { headers, status } = await response
  return { headers: Object.fromEntries(headers), body: (await (await response).json()) as Body, status }
}

export const page = ({ status, text }: Page): Seen => ({ kind: 'page', status, text })

/** An answer at the client’s address, as oauth4webapi takes it. */
export function atAddress({ url }: Page): Seen {
  const parameters = url.hash === '' ? url.searchParams : new URLSearchParams(url.hash.slice(1))
  let thrown: unknown = null
  try {
    oauth.validateAuthResponse({ issuer: 'https://issuer.example' }, { client_id: APP }, parameters, 's')
  } catch (error) {
    thrown = error
  }
  return { kind: 'address', parameters, thrown }
}
