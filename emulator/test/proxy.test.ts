import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { decodeJwt } from 'jose'
import { fetch, ProxyAgent } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { APP, CONTOSO, SECRET, testEstate } from '#emulator/test/support/estate.ts'

const emulator = await startEmulator({ estate: testEstate(), proxyPort: 0 })
after(() => emulator.close())
const dispatcher = new ProxyAgent({ uri: emulator.proxy ?? '', requestTls: { ca: emulator.ca } })
after(() => dispatcher.close())

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at field by field
const get = async (url: string, init: Parameters<typeof fetch>[1] = {}): Promise<any> =>
  (await fetch(url, { dispatcher, ...init })).json()

test('under Microsoft’s names everything is as if it were there: discovery, issuer, tokens, Graph', async () => {
  const login = 'https://login.microsoftonline.com'
  const configuration = await get(`${login}/contoso.example/v2.0/.well-known/openid-configuration`)
  assert.equal(configuration.issuer, `${login}/${CONTOSO}/v2.0`)
  assert.equal(configuration.token_endpoint, `${login}/${CONTOSO}/oauth2/v2.0/token`)
  const instance = await get(
    `${login}/common/discovery/instance?api-version=1.1&authorization_endpoint=${login}/${CONTOSO}/oauth2/v2.0/authorize`,
  )
  assert.equal(instance.tenant_discovery_endpoint, `${login}/${CONTOSO}/v2.0/.well-known/openid-configuration`)
  const { access_token } = await get(configuration.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: APP,
      client_secret: SECRET,
      scope: 'https://graph.microsoft.com/.default',
    }),
  })
  assert.deepEqual(decodeJwt(access_token).roles, ['User.Read.All'])
  const users = await get('https://graph.microsoft.com/v1.0/users?$top=2', {
    headers: { authorization: `Bearer ${access_token}` },
  })
  assert.equal(users.value.length, 2)
  assert.match(users['@odata.nextLink'], /^https:\/\/graph\.microsoft\.com\/v1\.0\/users\?/)
})

test('the proxy leads nowhere else', async () => {
  for (const url of [
    'https://evil.example/',
    'https://login.microsoftonline.com:8443/',
    'https://azure.microsoft.com/',
  ])
    await assert.rejects(get(url), /fetch failed/)
})
