import {
  ConfidentialClientApplication,
  type INetworkModule,
  LogLevel,
  type NetworkRequestOptions,
} from '@azure/msal-node'
import { pinnedDiscovery } from '#entra/discovery.ts'
import { fromMsal, fromTokenAnswer } from '#entra/errors.ts'
import type { Entra } from '#entra/open.ts'
import { Problem } from '#model/problem.ts'
import { type Answer, send } from '#outbound/send.ts'

const MAX_BYTES = 1024 * 1024

/**
 * Does one piece of work with a client of MSAL that is thrown away afterwards: MSAL keeps the tokens of whoever signs
 * in, and a shared client gets slower with every tenant. Its metadata are given to it, so that it asks nobody where to go.
 * @throws Problem for whatever goes wrong: in our way out, at Microsoft, or in MSAL itself
 */
export async function withClient<Value>(
  entra: Entra,
  tenant: string,
  work: (client: ConfidentialClientApplication) => Promise<Value>,
): Promise<Value> {
  const { cloud, clientId, credential } = entra
  const { networkClient, failure } = openNetwork(entra)
  try {
    const client = new ConfidentialClientApplication({
      auth: {
        clientId,
        authority: `${cloud.loginOrigin}/${tenant}`,
        knownAuthorities: [new URL(cloud.loginOrigin).host],
        authorityMetadata: JSON.stringify(pinnedDiscovery(entra, tenant)),
        ...(credential.kind === 'secret'
          ? { clientSecret: credential.secret }
          : {
              clientCertificate: { thumbprintSha256: credential.thumbprintSha256, privateKey: credential.privateKey },
            }),
      },
      system: {
        networkClient,
        loggerOptions: { logLevel: LogLevel.Error, piiLoggingEnabled: false, loggerCallback: () => {} },
      },
    })
    return await work(client)
  } catch (error) {
    const problem = error instanceof Problem ? error : (failure() ?? fromMsal(error))
    const { confidence, sourceCode } = problem.diagnosis
    if (confidence === 'unknown' && sourceCode) entra.telemetry?.codeUnknown(sourceCode)
    throw problem
  }
}

/** MSAL's requests, through our one way out. MSAL drops the cause of a failure, so it is kept here. */
function openNetwork({ outbound }: Entra): { networkClient: INetworkModule; failure: () => Problem | null } {
  let failed: Problem | null = null
  const exchange = async <Body>(method: string, url: string, options?: NetworkRequestOptions) => {
    try {
      const answer = await send(outbound, {
        method,
        url,
        headers: options?.headers ?? {},
        ...(options?.body ? { body: options.body } : {}),
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

/** @throws Problem UNAVAILABLE for an answer that is no JSON, such as a proxy's page */
function parse({ status, headers, text }: Answer): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw fromTokenAnswer({ status: status === 200 ? 502 : status, retryAfter: headers['retry-after'], body: {} })
  }
}
