import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, suite, test } from 'node:test'
import {
  AuthenticationRequiredError,
  ChainedTokenCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  DeviceCodeCredential,
  OnBehalfOfCredential,
} from '@azure/identity'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import { typeInDeviceCode } from '#emulator/test/conformance/support/device-code.ts'
import { ofNpm } from '#emulator/test/conformance/support/installed.ts'
import { CUSTOMERS, forEachOf, manyTenants } from '#emulator/test/conformance/support/many-tenants.ts'
import { userTokenFor } from '#emulator/test/conformance/support/user-token.ts'
import {
  API_APP,
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH_DEFAULT,
  makeClientCertificate,
  PUBLIC_APP,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'

const { key, certificate } = makeClientCertificate()
const emulator = await startEmulator({ estate: testEstate([certificate]) })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
after(() => rmSync(folder, { recursive: true }))
const options = {
  authorityHost: emulator.origin,
  disableInstanceDiscovery: true,
  tlsOptions: { ca: emulator.ca },
}
const tokenRequests = () => emulator.requests.list({ path: '/token$' })

suite(ofNpm('@azure/identity', '@azure/identity'), () => {
  test('a secret; the second token comes from its cache', async () => {
    const credential = new ClientSecretCredential(CONTOSO, APP, SECRET, options)
    const { token, expiresOnTimestamp } = await credential.getToken(GRAPH_DEFAULT)
    assert.equal(decodeJwt(token).tid, CONTOSO)
    assert.ok(expiresOnTimestamp > Date.now())
    assert.equal((await credential.getToken(GRAPH_DEFAULT)).token, token)
    assert.equal(tokenRequests().length, 1)
  })

  test('a certificate, its chain sent along or not', async () => {
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

  test('with continuous access evaluation it declares what it can do, in a cache of its own', async () => {
    const credential = new ClientSecretCredential(CONTOSO, APP, SECRET, options)
    const plain = await credential.getToken(GRAPH_DEFAULT)
    const capable = await credential.getToken(GRAPH_DEFAULT, { enableCae: true })
    assert.equal(decodeJwt(plain.token).xms_cc, undefined)
    assert.deepEqual(decodeJwt(capable.token).xms_cc, ['cp1'])
  })

  test('a claims challenge gets a new token', async () => {
    const credential = new ClientSecretCredential(CONTOSO, APP, SECRET, options)
    const first = await credential.getToken(GRAPH_DEFAULT)
    const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: '1600000000' } } })
    assert.notEqual((await credential.getToken(GRAPH_DEFAULT, { claims })).token, first.token)
  })

  test('what is refused comes out as AADSTS, with what the answer said', async () => {
    for (const [tenant, secret, code] of [
      [CONTOSO, 'wrong', 7000215],
      [FABRIKAM, SECRET, 7000229],
    ] as const)
      await assert.rejects(
        new ClientSecretCredential(tenant, APP, secret, options).getToken(GRAPH_DEFAULT),
        (error) => {
          assert.ok(error instanceof AuthenticationRequiredError)
          assert.match(error.message, new RegExp(`AADSTS${code}`))
          return true
        },
      )
  })

  test('another tenant than the credential’s own only when that is allowed', async () => {
    const closed = new ClientSecretCredential(FABRIKAM, APP, SECRET, options)
    await assert.rejects(
      closed.getToken(GRAPH_DEFAULT, { tenantId: CONTOSO }),
      /not configured to acquire tokens for tenant/,
    )
    const open = new ClientSecretCredential(FABRIKAM, APP, SECRET, { ...options, additionallyAllowedTenants: ['*'] })
    assert.equal(decodeJwt((await open.getToken(GRAPH_DEFAULT, { tenantId: CONTOSO })).token).tid, CONTOSO)
  })

  test('a hundred tenants with one credential', async () => {
    await using many = await startEmulator({ estate: manyTenants })
    const credential = new ClientSecretCredential(CUSTOMERS[0] ?? '', APP, SECRET, {
      ...options,
      authorityHost: many.origin,
      tlsOptions: { ca: many.ca },
      additionallyAllowedTenants: ['*'],
    })
    const tenants = CUSTOMERS.slice(0, 100)
    const tokens = await forEachOf(tenants, (tenantId) => credential.getToken(GRAPH_DEFAULT, { tenantId }))
    assert.deepEqual(
      tokens.map(({ token }) => decodeJwt(token).tid),
      tenants,
    )
  })

  test('an outage of the token endpoint is waited out', async () => {
    emulator.mischief.once({ at: 'token', answer: { status: 503, headers: { 'retry-after': '0' } } })
    const credential = new ClientSecretCredential(CONTOSO, APP, SECRET, options)
    assert.ok((await credential.getToken(GRAPH_DEFAULT)).token)
    assert.deepEqual(
      tokenRequests().map(({ status }) => status),
      [503, 200],
    )
  })

  test('a chain goes on to the next credential where the first is not available', async () => {
    const chain = new ChainedTokenCredential(
      {
        getToken: async () => {
          throw Object.assign(new Error('not here'), { name: 'CredentialUnavailableError' })
        },
      },
      new ClientSecretCredential(CONTOSO, APP, SECRET, options),
    )
    assert.ok((await chain.getToken(GRAPH_DEFAULT)).token)
  })

  test('device code: a user’s token, then silently', async () => {
    const credential = new DeviceCodeCredential({
      ...options,
      tenantId: 'organizations',
      clientId: PUBLIC_APP,
      userPromptCallback: ({ userCode }) => void typeInDeviceCode(emulator, userCode, 'uma@fabrikam.example'),
    })
    const { token } = await credential.getToken('https://graph.microsoft.com/User.Read')
    assert.equal(decodeJwt(token).upn, 'uma@fabrikam.example')
    assert.equal((await credential.getToken('https://graph.microsoft.com/User.Read')).token, token)
  })

  test('on behalf of the user who called, signed with the secret of the API', async () => {
    const assertion = await userTokenFor(emulator, 'api://orders/Orders.Read', APP)
    await userTokenFor(emulator, 'https://graph.microsoft.com/User.Read', API_APP)
    const credential = new OnBehalfOfCredential({
      ...options,
      tenantId: CONTOSO,
      clientId: API_APP,
      clientSecret: SECRET,
      userAssertionToken: assertion,
    })
    const { token } = await credential.getToken('https://graph.microsoft.com/User.Read')
    assert.equal(decodeJwt(token).upn, 'uma@contoso.example')
    assert.equal(decodeProtectedHeader(token).alg, 'RS256')
  })
})
