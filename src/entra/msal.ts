import {
  ConfidentialClientApplication,
  type INetworkModule,
  LogLevel,
  type NetworkRequestOptions,
  PublicClientApplication,
} from '@azure/msal-node'
import { pinnedDiscovery } from '#entra/discovery.ts'
import { fromMsal, fromTokenAnswer } from '#entra/errors.ts'
import type { Entra } from '#entra/open.ts'
import type { ClientId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { type Answer, send } from '#outbound/send.ts'

const MAX_BYTES = 1024 * 1024

/**
 * Does one piece of work with a client of MSAL that is thrown away afterwards: MSAL keeps the tokens of whoever signs
 * in, and a shared client gets slower with every tenant. Its metadata are given to it, so that it asks nobody where to go.
 * @throws Problem for whatever goes wrong: in our way out, at Microsoft, or in MSAL itself
 */
export const withClient = <Value>(
  entra: Entra,
  tenant: string,
  work: (client: ConfidentialClientApplication) => Promise<Value>,
): Promise<Value> =>
  withNetwork(entra, openNetwork(entra), (networkClient) => {
    const { clientId, credential } = entra
    return work(
      new ConfidentialClientApplication({
        auth: {
          clientId,
          ...authorityOf(entra, tenant),
          ...(credential.kind === 'secret'
            ? { clientSecret: credential.secret }
            : {
                clientCertificate: { thumbprintSha256: credential.thumbprintSha256, privateKey: credential.privateKey },
              }),
        },
        system: systemOf(networkClient),
      }),
    )
  })

/** The same for an application without a credential: the one that people sign in with at a terminal. */
export const withPublicClient = <Value>(
  entra: PublicEntra & { clientId: ClientId },
  tenant: string,
  work: (client: PublicClientApplication) => Promise<Value>,
): Promise<Value> =>
  withNetwork(entra, openNetwork(entra, withoutOfflineAccess), (networkClient) =>
    work(
      new PublicClientApplication({
        auth: { clientId: entra.clientId, ...authorityOf(entra, tenant) },
        system: systemOf(networkClient),
      }),
    ),
  )

/** As much of the gate as needs no credential. */
export type PublicEntra = Pick<Entra, 'cloud' | 'outbound' | 'telemetry'>

const authorityOf = (entra: PublicEntra, tenant: string) => ({
  authority: `${entra.cloud.loginOrigin}/${tenant}`,
  knownAuthorities: [new URL(entra.cloud.loginOrigin).host],
  authorityMetadata: JSON.stringify(pinnedDiscovery(entra, tenant)),
})

const systemOf = (networkClient: INetworkModule) => ({
  networkClient,
  loggerOptions: { logLevel: LogLevel.Error, piiLoggingEnabled: false, loggerCallback: () => {} },
})

async function withNetwork<Value>(
  { telemetry }: PublicEntra,
  { networkClient, failure }: Network,
  work: (networkClient: INetworkModule) => Promise<Value>,
): Promise<Value> {
  try {
    return await work(networkClient)
  } catch (error) {
    const problem = error instanceof Problem ? error : (failure() ?? fromMsal(error))
    const { confidence, sourceCode } = problem.diagnosis
    if (confidence === 'unknown' && sourceCode) telemetry?.codeUnknown(sourceCode)
    throw problem
  }
}

/** MSAL asks for a refresh token by itself; none is wanted. */
function withoutOfflineAccess(body: string): string {
  const form = new URLSearchParams(body)
  const scopes = form.get('scope')?.split(' ') ?? []
  if (scopes.length > 0) form.set('scope', scopes.filter((scope) => scope !== 'offline_access').join(' '))
  return form.toString()
}

type Network = { networkClient: INetworkModule; failure: () => Problem | null }

/** MSAL's requests, through our one way out. MSAL drops the cause of a failure, so it is kept here. */
function openNetwork({ outbound }: PublicEntra, rewrite: (body: string) => string = (body) => body): Network {
  let failed: Problem | null = null
  const exchange = async <Body>(method: string, url: string, options?: NetworkRequestOptions) => {
    try {
      const answer = await send(outbound, {
        method,
        url,
        headers: options?.headers ?? {},
        ...(options?.body ? { body: rewrite(options.body) } : {}),
        maxBytes: MAX_BYTES,
      })
      const body = parse(answer)
      if (answer.status !== 200)
        failed = fromTokenAnswer({ status: answer.status, retryAfter: answer.headers['retry-after'], body })
      return { headers: { ...answer.headers }, status: answer.status, body: body as Body }
    } catch (error) {
      if (error instanceof Problem) failed = error
      throw error
    }
  }
  return {
    networkClient: {
      sendGetRequestAsync: (url, options) => exchange('GET', url, options),
      sendPostRequestAsync: (url, options) => exchange('POST', url, options),
    },
    failure: () => failed,
  }
}

/**
 * @throws Problem UNAVAILABLE for an answer that is no JSON, such as a proxy's page: whatever its status, it is not
 *   Microsoft Entra ID that says so; THROTTLED when it asks for patience
 */
function parse({ status, headers, text }: Answer): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const speaksForItself = status === 429 || status >= 500
    throw fromTokenAnswer({ status: speaksForItself ? status : 502, retryAfter: headers['retry-after'], body: {} })
  }
}
