import { ConfidentialClientApplication, type INetworkModule, LogLevel, PublicClientApplication } from '@azure/msal-node'
import { pinnedDiscovery } from '#entra/discovery.ts'
import { fromMsal } from '#entra/errors.ts'
import { type Network, openNetwork, openTerminalNetwork } from '#entra/network.ts'
import type { Entra, PublicEntra } from '#entra/open.ts'
import type { ClientId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'

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

/**
 * The same for an application without a credential: the one that people sign in with at a terminal.
 * @throws the signal’s reason as soon as it is aborted
 */
export async function withPublicClient<Value>(
  entra: PublicEntra & { clientId: ClientId; signal: AbortSignal },
  tenant: string,
  work: (client: PublicClientApplication) => Promise<Value>,
): Promise<Value> {
  try {
    return await withNetwork(entra, openTerminalNetwork(entra), (networkClient) =>
      work(
        new PublicClientApplication({
          auth: { clientId: entra.clientId, ...authorityOf(entra, tenant) },
          system: systemOf(networkClient),
        }),
      ),
    )
  } finally {
    entra.signal.throwIfAborted()
  }
}

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
