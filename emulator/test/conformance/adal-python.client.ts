import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startEmulator } from '#emulator/index.ts'
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

/** The library before MSAL: it speaks version 1 alone, names resources, and wants a refresh token unasked. */
const PROGRAM = `
import json, sys, adal
wish = json.load(sys.stdin)
context = adal.AuthenticationContext(wish["authority"], validate_authority=False)
try:
    if wish["call"] == "acquire_token_with_device_code":
        code = context.acquire_user_code(wish["resource"], wish["client"])
        print(json.dumps({"verification_url": code["verification_url"], "user_code": code["user_code"]}), flush=True)
        answer = context.acquire_token_with_device_code(wish["resource"], code, wish["client"])
    else:
        answer = getattr(context, wish["call"])(*wish["arguments"])
    print(json.dumps(answer, default=str))
except adal.AdalError as error:
    print(json.dumps(error.error_response))
`

function run(tenant: string, wish: object, onLine: (line: string) => void = () => {}) {
  const child = spawn('/usr/bin/python3', ['-c', PROGRAM], {
    env: { ...process.env, REQUESTS_CA_BUNDLE: emulator.caFile ?? '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdout.once('data', (line) => onLine(String(line)))
  child.stdin.end(JSON.stringify({ authority: `${emulator.origin}/${tenant}`, ...wish }))
  return Promise.all([text(child.stdout), once(child, 'exit')]).then(([out]) => out)
}
const ask = async (tenant: string, call: string, ...parameters: unknown[]) =>
  JSON.parse(await run(tenant, { call, arguments: parameters })) as Record<string, string>

const GRAPH = 'https://graph.microsoft.com'

test('ADAL Python 1.2.7 of Debian: the application by itself, by secret and by certificate', async () => {
  const bySecret = await ask(CONTOSO, 'acquire_token_with_client_credentials', GRAPH, APP, SECRET)
  assert.equal(bySecret.tokenType, 'Bearer')
  assert.equal(bySecret.resource, GRAPH)
  assert.deepEqual(decodeJwt(bySecret.accessToken ?? '').roles, ['User.Read.All'])
  const thumbprint = createHash('sha1').update(new X509Certificate(certificate).raw).digest('hex')
  const pem = key.export({ type: 'pkcs8', format: 'pem' })
  const byCertificate = await ask(CONTOSO, 'acquire_token_with_client_certificate', GRAPH, APP, pem, thumbprint)
  assert.equal(decodeJwt(byCertificate.accessToken ?? '').appidacr, '2')
})

test('ADAL Python 1.2.7 of Debian: a code, who signed in, and the refresh token for another resource', async () => {
  const url = `${emulator.browserOrigin}/common/oauth2/authorize?${new URLSearchParams({ client_id: APP, response_type: 'code', redirect_uri: REDIRECT, resource: GRAPH, state: 's' })}`
  const back = await signInAndAccept(openBrowser(emulator), url, { username: 'grace@fabrikam.example' })
  const code = back.url.searchParams.get('code') ?? assert.fail(back.url.href)
  const tokens = await ask('common', 'acquire_token_with_authorization_code', code, REDIRECT, GRAPH, APP, SECRET)
  assert.equal(tokens.userId, 'grace@fabrikam.example')
  assert.equal(tokens.givenName, 'Grace')
  assert.equal(tokens.tenantId, FABRIKAM)
  assert.equal(decodeJwt(tokens.accessToken ?? '').ver, '1.0')
  const orders = await ask(
    FABRIKAM,
    'acquire_token_with_refresh_token',
    tokens.refreshToken,
    APP,
    'api://orders',
    SECRET,
  )
  assert.equal(orders.resource, 'api://orders')
  assert.equal(decodeJwt(orders.accessToken ?? '').scp, 'Orders.Read')
})

test('ADAL Python 1.2.7 of Debian: name and password, after the user’s realm', async () => {
  const tokens = await ask(
    FABRIKAM,
    'acquire_token_with_username_password',
    GRAPH,
    'uma@fabrikam.example',
    'Passw0rd!',
    PUBLIC_APP,
  )
  assert.equal(tokens.userId, 'uma@fabrikam.example')
})

test('ADAL Python 1.2.7 of Debian: a device', async () => {
  const out = await run(
    FABRIKAM,
    { call: 'acquire_token_with_device_code', resource: GRAPH, client: PUBLIC_APP },
    (line) => {
      const { verification_url, user_code } = JSON.parse(line)
      const browser = openBrowser(emulator)
      void (async () => {
        const entered = await browser.press(await browser.open(verification_url), { user_code })
        const password = await browser.press(entered, { action: 'next', loginfmt: 'uma@fabrikam.example' })
        await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' })
      })()
    },
  )
  assert.equal(JSON.parse(out.trim().split('\n').at(-1) ?? '').userId, 'uma@fabrikam.example')
})

test('ADAL Python 1.2.7 of Debian: refusals with their codes', async () => {
  const wrong = await ask(CONTOSO, 'acquire_token_with_client_credentials', GRAPH, APP, 'wrong')
  assert.deepEqual(wrong.error_codes, [7000215])
  const nowhere = await ask(CONTOSO, 'acquire_token_with_client_credentials', 'https://nobody.example', APP, SECRET)
  assert.equal(nowhere.error, 'invalid_resource')
})
