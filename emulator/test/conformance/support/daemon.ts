/**
 * A daemon as it would run against Microsoft: nothing in it knows of an emulator. Prints what it got as JSON, the tokens as
 * their claims only. The environment holds TENANT_ID, CLIENT_ID and CLIENT_SECRET.
 */
import { env } from 'node:process'
import { ClientSecretCredential } from '@azure/identity'
import { ConfidentialClientApplication } from '@azure/msal-node'
import { Client, PageIterator } from '@microsoft/microsoft-graph-client'
import { TokenCredentialAuthenticationProvider } from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js'
import { decodeJwt } from 'jose'

const { TENANT_ID: tenantId = '', CLIENT_ID: clientId = '', CLIENT_SECRET: clientSecret = '' } = env
const scopes = ['https://graph.microsoft.com/.default']

const msal = new ConfidentialClientApplication({
  auth: { clientId, clientSecret, authority: `https://login.microsoftonline.com/${tenantId}` },
})
const { accessToken = '' } = (await msal.acquireTokenByClientCredential({ scopes })) ?? {}

const credential = new ClientSecretCredential(tenantId, clientId, clientSecret)
const authProvider = new TokenCredentialAuthenticationProvider(credential, { scopes })
const graph = Client.initWithMiddleware({ authProvider })
const names: string[] = []
const first = await graph.api('/users').select('displayName').top(2).get()
await new PageIterator(graph, first, ({ displayName }: { displayName: string }) => {
  names.push(displayName)
  return true
}).iterate()

console.log(JSON.stringify({ claims: decodeJwt(accessToken), nextLink: first['@odata.nextLink'], names }))
