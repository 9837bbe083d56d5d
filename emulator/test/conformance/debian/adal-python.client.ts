import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import { typeInDeviceCode } from '#emulator/test/conformance/support/device-code.ts'
import { ofDebian } from '#emulator/test/conformance/support/installed.ts'
import { runProgram } from '#emulator/test/conformance/support/program.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import {
  APP,
  CONTOSO,
  FABRIKAM,
  makeClientCertificate,
  PUBLIC_APP,
  REDIRECT,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'

const { key, certificate } = makeClientCertificate()
const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
after(() => rmSync(folder, { recursive: true }))
const estate = testEstate([certificate])
const emulator = await startEmulator({
  estate: {
    ...estate,
    servicePrincipals: [
      ...(estate.servicePrincipals ?? []),
      { tenant: FABRIKAM, appId: PUBLIC_APP, delegated: ['openid', 'profile', 'User.Read'] },
    ],
  },
  dataDir: folder,
})
after(() => emulator.close())
beforeEach(() => emulator.reset())

const GRAPH = 'https://graph.microsoft.com'
const UMA = 'uma@fabrikam.example'

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at field by field
type Answer = Record<string, any>

async function ask(tenant: string, call: string, ...parameters: unknown[]): Promise<Answer> {
  let isTyped = false
  const { status, out, said } = await runProgram('/usr/bin/python3', [join(import.meta.dirname, 'adal_steps.py')], {
    env: { ...process.env, REQUESTS_CA_BUNDLE: emulator.caFile ?? '' },
    input: JSON.stringify({ authority: `${emulator.origin}/${tenant}`, call, arguments: parameters }),
    onSaid(all) {
      const code = /enter the code (\S+)/.exec(all)?.[1]
      if (!code || isTyped) return
      isTyped = true
      void typeInDeviceCode(emulator, code, UMA)
    },
  })
  assert.equal(status, 0, said)
  return JSON.parse(out)
}

suite(ofDebian('ADAL Python', 'python3-adal'), () => {
  test('the application by itself, by secret and by certificate', async () => {
    const bySecret = await ask(CONTOSO, 'acquire_token_with_client_credentials', GRAPH, APP, SECRET)
    assert.deepEqual([bySecret.tokenType, bySecret.resource], ['Bearer', GRAPH])
    assert.deepEqual(decodeJwt(bySecret.accessToken).roles, ['User.Read.All'])
    const thumbprint = createHash('sha1').update(new X509Certificate(certificate).raw).digest('hex')
    const pem = key.export({ type: 'pkcs8', format: 'pem' })
    const byCertificate = await ask(CONTOSO, 'acquire_token_with_client_certificate', GRAPH, APP, pem, thumbprint)
    assert.equal(decodeJwt(byCertificate.accessToken).appidacr, '2')
  })

  test('a code, who signed in, and the refresh token for another resource', async () => {
    const request = { client_id: APP, response_type: 'code', redirect_uri: REDIRECT, resource: GRAPH, state: 's' }
    const url = `${emulator.browserOrigin}/common/oauth2/authorize?${new URLSearchParams(request)}`
    const back = await signInAndAccept(openBrowser(emulator), url, { username: 'grace@fabrikam.example' })
    const code = back.url.searchParams.get('code') ?? assert.fail(back.url.href)
    const call = 'acquire_token_with_authorization_code'
    const tokens = await ask('common', call, code, REDIRECT, GRAPH, APP, SECRET)
    assert.deepEqual([tokens.userId, tokens.givenName, tokens.tenantId], ['grace@fabrikam.example', 'Grace', FABRIKAM])
    assert.equal(decodeJwt(tokens.accessToken).ver, '1.0')
    const refresh = [tokens.refreshToken, APP, 'api://orders', SECRET]
    const orders = await ask(FABRIKAM, 'acquire_token_with_refresh_token', ...refresh)
    assert.equal(orders.resource, 'api://orders')
    assert.equal(decodeJwt(orders.accessToken).scp, 'Orders.Read')
  })

  test('name and password, after the user’s realm; a device', async () => {
    const call = 'acquire_token_with_username_password'
    assert.equal((await ask(FABRIKAM, call, GRAPH, UMA, 'Passw0rd!', PUBLIC_APP)).userId, UMA)
    assert.equal((await ask(FABRIKAM, 'acquire_token_with_device_code', GRAPH, PUBLIC_APP)).userId, UMA)
  })

  test('refusals with their codes', async () => {
    const call = 'acquire_token_with_client_credentials'
    assert.deepEqual((await ask(CONTOSO, call, GRAPH, APP, 'wrong')).error_codes, [7000215])
    assert.equal((await ask(CONTOSO, call, 'https://nobody.example', APP, SECRET)).error, 'invalid_resource')
  })
})
