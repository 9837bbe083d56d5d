import { ConfidentialClientApplication, type INetworkModule, type NetworkRequestOptions } from '@azure/msal-node'
import { Agent, fetch } from 'undici'
import type { Emulator } from '#emulator/index.ts'
import { APP, SECRET } from '#emulator/test/support/estate.ts'

/** MSAL's network, trusting the emulator's authority. @param hear is told of every form that MSAL posts */
export function networkFor(emulator: Emulator, hear: (form: URLSearchParams) => void = () => {}): INetworkModule {
  const dispatcher = new Agent({ connect: { ca: emulator.ca } })
  const send = async <Body>(method: string, url: string, options?: NetworkRequestOptions) => {
    const response = await fetch(url, {
      dispatcher,
      method,
      headers: options?.headers ?? {},
      ...(options?.body === undefined ? {} : { body: options.body }),
    })
    return {
      headers: Object.fromEntries(response.headers),
      body: (await response.json()) as Body,
      status: response.status,
    }
  }
  return {
    sendGetRequestAsync: (url, options) => send('GET', url, options),
    sendPostRequestAsync(url, options) {
      hear(new URLSearchParams(options?.body))
      return send('POST', url, options)
    },
  }
}

type Credential = { clientSecret: string } | { clientCertificate: { thumbprintSha256: string; privateKey: string } }

/** The real MSAL Node, which finds everything by discovery. */
export const msalFor = (
  emulator: Emulator,
  tenant: string,
  {
    clientId = APP,
    credential = { clientSecret: SECRET },
    clientCapabilities = [],
    hear,
  }: {
    clientId?: string
    credential?: Credential
    clientCapabilities?: string[]
    hear?: (form: URLSearchParams) => void
  } = {},
): ConfidentialClientApplication =>
  new ConfidentialClientApplication({
    auth: {
      clientId,
      ...credential,
      clientCapabilities,
      authority: `${emulator.origin}/${tenant}`,
      knownAuthorities: [new URL(emulator.origin).host],
    },
    system: { networkClient: networkFor(emulator, hear) },
  })
