import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ClientCertificateCredential, ClientSecretCredential } from '@azure/identity'
import { Client } from '@microsoft/microsoft-graph-client'
import { TokenCredentialAuthenticationProvider } from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js'
import { decodeJwt } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import {
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH_DEFAULT,
  makeClientCertificate,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'

const { key, certificate } = makeClientCertificate()
const emulator = await startEmulator({ estate: testEstate([certificate]), proxyPort: 0 })
after(() => emulator.close())
const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
after(() => rmSync(folder, { recursive: true }))
const options = {
  authorityHost: emulator.origin,
  disableInstanceDiscovery: true,
  tlsOptions: { ca: emulator.ca },
}

test('@azure/identity: a secret', async () => {
  const { token, expiresOnTimestamp } = await new ClientSecretCredential(CONTOSO, APP, SECRET, options).getToken(
    GRAPH_DEFAULT,
  )
  assert.equal(decodeJwt(token).tid, CONTOSO)
  assert.ok(expiresOnTimestamp > Date.now())
})

test('@azure/identity: a certificate, its chain sent along', async () => {
  const certificatePath = join(folder, 'client.pem')
  writeFileSync(certificatePath, key.export({ type: 'pkcs8', format: 'pem' }) + certificate)
  for (const sendCertificateChain of [false, true]) {
    const credential = new ClientCertificateCredential(
      CONTOSO,
      APP,
      { certificatePath },
      { ...options, sendCertificateChain },
    )
    assert.equal(decodeJwt((await credential.getToken(GRAPH_DEFAULT)).token).appidacr, '2')
  }
})

test('@azure/identity: what is refused comes out as AADSTS', async () => {
  await assert.rejects(
    new ClientSecretCredential(CONTOSO, APP, 'wrong', options).getToken(GRAPH_DEFAULT),
    /AADSTS7000215/,
  )
  await assert.rejects(
    new ClientSecretCredential(FABRIKAM, APP, SECRET, options).getToken(GRAPH_DEFAULT),
    /AADSTS7000229/,
  )
})

test('Microsoft Graph JS SDK 3 with @azure/identity: a page of users', async () => {
  const authProvider = new TokenCredentialAuthenticationProvider(
    new ClientSecretCredential(CONTOSO, APP, SECRET, options),
    {
      scopes: [GRAPH_DEFAULT],
    },
  )
  const { Agent, fetch: send } = await import('undici')
  const dispatcher = new Agent({ connect: { ca: emulator.ca } })
  const graph = Client.initWithMiddleware({
    baseUrl: `${emulator.origin}/`,
    customHosts: new Set(['localhost']),
    middleware: {
      execute: async (context) => {
        const token = await authProvider.getAccessToken()
        context.response = (await send(String(context.request), {
          dispatcher,
          headers: { authorization: `Bearer ${token}` },
        })) as unknown as Response
      },
    },
  })
  const page = await graph.api('/users').select('id,displayName').top(2).get()
  assert.equal(page.value.length, 2)
  assert.ok(page['@odata.nextLink'].startsWith(emulator.origin))
})
