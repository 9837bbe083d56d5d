import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { authorizeUrl as urlAt } from '#emulator/test/support/authorize-url.ts'
import { openBrowser, signIn, signInAndAccept } from '#emulator/test/support/browser.ts'
import { APP, CONTOSO, FABRIKAM, ISV, REDIRECT, SECRET, SINGLE_APP, testEstate } from '#emulator/test/support/estate.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'

const emulator = await startEmulator({
  estate: {
    ...testEstate(),
    applications: testEstate().applications?.map((app) =>
      app.appId === APP
        ? { ...app, redirectUris: [REDIRECT, 'https://app.example/deep/callback', 'http://localhost'] }
        : app,
    ),
  },
})
after(() => emulator.close())
beforeEach(() => emulator.reset())

const UMA = { username: 'uma@contoso.example' }

const authorizeUrl = (parameters?: Record<string, string | undefined>, path?: string) =>
  urlAt(emulator, parameters, path)
const open = (parameters: Record<string, string | undefined>, path?: string) =>
  openBrowser(emulator).open(authorizeUrl(parameters, path))
const redeem = (code: string, segment: string) =>
  askToken(emulator, segment, {
    grant_type: 'authorization_code',
    client_id: APP,
    client_secret: SECRET,
    redirect_uri: REDIRECT,
    code,
  })

test('an address matches as text: one that only leads to the same place is another one', async () => {
  const known = [
    REDIRECT,
    'http://localhost:1/callback',
    'HTTPS://APP.example/deep/callback',
    'http://localhost/',
    'http://localhost:7',
  ]
  for (const redirect_uri of known) assert.match((await open({ redirect_uri })).text, /Sign in/, redirect_uri)
  const strange = [
    `${REDIRECT}/`,
    `${REDIRECT}/more`,
    `${REDIRECT}?a=1`,
    `${REDIRECT}#a`,
    'http://localhost:3999/Callback',
    'http://localhost:3999/x/../callback',
    'http://localhost:3999\\callback',
    'http://localhost.evil.example/callback',
    'http://someone@localhost:3999/callback',
    'http://127.0.0.1:3999/callback',
    'https://app.example:443/deep/callback',
    'https://app.example/deep/%63allback',
  ]
  for (const redirect_uri of strange) assert.match((await open({ redirect_uri })).text, /AADSTS50011/, redirect_uri)
})

test('administrator consent comes back to a longer path, but not to one that leads up again', async () => {
  const path = 'organizations/adminconsent'
  const of = async (redirect_uri: string) => (await open({ redirect_uri }, path)).text
  assert.match(await of('https://app.example/deep/callback/and/more'), /Sign in/)
  for (const strange of [
    'https://app.example/deep/callback/../../evil',
    'https://app.example/deep/callback/%2e%2e/evil',
  ])
    assert.match(await of(strange), /AADSTS50011/, strange)
})

test('a mode that is not known is told in the one that holds without it', async () => {
  const { url } = await open({ response_mode: 'carrier-pigeon' })
  assert.equal(url.searchParams.get('error'), 'unsupported_response_mode')
  assert.match(
    url.searchParams.get('error_description') ?? '',
    /^AADSTS70007: 'carrier-pigeon' is not a supported value/,
  )
})

test('a refusal in an address holds what Microsoft’s support asks for, under the client’s own name of the request', async () => {
  const id = randomUUID()
  const { url } = await open({ prompt: 'none', 'client-request-id': id })
  assert.match(
    url.searchParams.get('error_description') ?? '',
    new RegExp(`^AADSTS50058: .+ Trace ID: [0-9a-f-]{36} Correlation ID: ${id} Timestamp: \\d{4}-\\d\\d-\\d\\d .+Z$`),
  )
})

test('so does a refusal on a page, and the request log knows whose it was', async () => {
  const id = randomUUID()
  const page = await open(
    { redirect_uri: 'https://evil.example/', 'client-request-id': id },
    `${CONTOSO}/oauth2/v2.0/authorize`,
  )
  assert.match(page.text, /AADSTS50011/)
  assert.match(page.text, new RegExp(`Request Id: [0-9a-f-]{36}<br>Correlation Id: ${id}<br>Timestamp: \\d{4}-`))
  const [entry] = emulator.requests.list({ status: 400 })
  assert.deepEqual([entry?.tenantId, entry?.appId], [CONTOSO, APP])
})

test('HTML is stripped from the state, and nothing else', async () => {
  const state = async (sent: string) => (await open({ prompt: 'none', state: sent })).url.searchParams.get('state')
  assert.equal(await state('{"a":"<b>x</b>"}'), '{"a":"x"}')
  assert.equal(await state('1 < 2 > 0 & "all" of it+/='), '1 < 2 > 0 & "all" of it+/=')
})

test('a code of a work account is nothing at /consumers, nor is its refresh token', async () => {
  const back = await signInAndAccept(openBrowser(emulator), authorizeUrl(), UMA)
  const code = back.url.searchParams.get('code') ?? assert.fail(back.url.href)
  assert.deepEqual((await redeem(code, 'consumers')).body.error_codes, [700005])
  const { status, body } = await redeem(code, 'common')
  assert.equal(status, 200)
  const refresh = (segment: string) =>
    askToken(emulator, segment, {
      grant_type: 'refresh_token',
      client_id: APP,
      client_secret: SECRET,
      refresh_token: body.refresh_token,
    })
  assert.deepEqual((await refresh('consumers')).body.error_codes, [7000012])
  assert.equal((await refresh('organizations')).status, 200)
})

test('an application of one tenant is unknown in others, by whichever way somebody comes', async () => {
  const scope = 'openid User.Read'
  const device = await ask(emulator, `/${CONTOSO}/oauth2/v2.0/devicecode`, { form: { client_id: SINGLE_APP, scope } })
  assert.deepEqual(device.body.error_codes, [700016])
  const home = await ask(emulator, `/${ISV}/oauth2/v2.0/devicecode`, { form: { client_id: SINGLE_APP, scope } })
  assert.equal(home.status, 200)
  const form = { grant_type: 'password', client_id: SINGLE_APP, client_secret: SECRET, scope, password: 'Passw0rd!' }
  const password = await askToken(emulator, CONTOSO, { ...form, username: UMA.username })
  assert.deepEqual(password.body.error_codes, [700016])
})

test('a password is nothing at /common, as an application by itself is nothing there: AADSTS9001023', async () => {
  const form = { grant_type: 'password', client_id: APP, client_secret: SECRET, scope: 'openid', ...UMA, password: 'x' }
  for (const segment of ['common', 'consumers'])
    assert.deepEqual((await askToken(emulator, segment, form)).body.error_codes, [9001023], segment)
  assert.deepEqual((await askToken(emulator, 'organizations', form)).body.error_codes, [50126])
})

test('whose sessions were revoked has to sign in, though he stands in the list that was open meanwhile', async () => {
  const browser = openBrowser(emulator)
  await signInAndAccept(browser, authorizeUrl(), UMA)
  const list = await browser.open(authorizeUrl({ prompt: 'select_account' }))
  await emulator.directory.revokeSessions({ tenant: CONTOSO, user: UMA.username })
  const account = /name="account" value="([^"]+)"/.exec(list.text)?.[1] ?? assert.fail(list.text)
  const password = await browser.press(list, { action: 'pick', account })
  assert.match(password.text, /Enter password/)
  const back = await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' })
  assert.equal((await redeem(back.url.searchParams.get('code') ?? '', FABRIKAM)).body.error_codes?.[0], 700005)
  assert.equal((await redeem(back.url.searchParams.get('code') ?? '', CONTOSO)).status, 200)
  assert.equal((await signIn(openBrowser(emulator), authorizeUrl(), UMA)).url.searchParams.has('code'), true)
})
