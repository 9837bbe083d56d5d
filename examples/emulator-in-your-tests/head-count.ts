import { setTimeout as pause } from 'node:timers/promises'
import { ConfidentialClientApplication } from '@azure/msal-node'

/** The program under test. It knows nothing of the emulator: only addresses and a credential, as in production. */
export type Settings = {
  /** https://login.microsoftonline.com */
  login: string
  /** https://graph.microsoft.com */
  graph: string
  clientId: string
  clientSecret: string
}

/** How many people a customer's tenant has. */
export async function headCount({ login, graph, clientId, clientSecret }: Settings, tenant: string): Promise<number> {
  const msal = new ConfidentialClientApplication({
    auth: { clientId, clientSecret, authority: `${login}/${tenant}`, knownAuthorities: [new URL(login).host] },
  })
  const token = await msal.acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/.default'] })
  let people = 0
  let next: string | undefined = `${graph}/v1.0/users?$select=id&$top=100`
  while (next) {
    const response = await fetch(next, { headers: { authorization: `Bearer ${token?.accessToken}` } })
    if (response.status === 429) {
      await pause(Number(response.headers.get('retry-after') ?? 1) * 1_000)
      continue
    }
    if (!response.ok) throw new Error(`Graph answered ${response.status}.`)
    const page = (await response.json()) as { value: unknown[]; '@odata.nextLink'?: string }
    people += page.value.length
    next = page['@odata.nextLink']
  }
  return people
}
