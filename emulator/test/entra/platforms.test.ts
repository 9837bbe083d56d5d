import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { APP, CONTOSO, ISV, testEstate } from '#emulator/test/support/estate.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'

const REGISTRAR = 'a0000000-0000-4000-8000-0000000000b1'
const SECRET = 'the-secret-of-the-registrar'
const WEB = 'https://app.example/web'
const SPA = 'https://app.example/spa'
const PROGRAM = 'http://localhost/program'
const VERIFIER = 'v'.repeat(43)

const estate = testEstate()
const emulator = await startEmulator({
  estate: {
    ...estate,
    applications: [
      ...(estate.applications ?? []),
      { appId: REGISTRAR, homeTenant: ISV, displayName: 'Registrar', secrets: [{ value: SECRET }] },
    ],
    servicePrincipals: [
      ...(estate.servicePrincipals ?? []),
      { tenant: ISV, appId: REGISTRAR, application: ['Application.ReadWrite.All'] },
    ],
  },
})
after(() => emulator.close())
beforeEach(() => emulator.reset())

/** One registration for all three platforms, with a secret. */
async function register() {
  const token = await askToken(emulator, ISV, {
    grant_type: 'client_credentials',
    client_id: REGISTRAR,
    client_secret: SECRET,
    scope: 'https://graph.microsoft.com/.default',
  })
  const headers = { authorization: `Bearer ${token.body.access_token}`, 'content-type': 'application/json' }
  const send = (path: string, json: object) => ask(emulator, `/v1.0/${path}`, { json, headers, method: 'POST' })
  const { body: app } = await send('applications', {
    displayName: 'Three in one',
    signInAudience: 'AzureADMultipleOrgs',
    web: { redirectUris: [WEB] },
    spa: { redirectUris: [SPA] },
    publicClient: { redirectUris: [PROGRAM] },
    requiredResourceAccess: [],
  })
  const { body: password } = await send(`applications/${app.id}/addPassword`, {})
  return { appId: app.appId as string, secret: password.secretText as string }
}

async function codeFor(appId: string, redirect: string): Promise<string> {
  const url = new URL(`${emulator.browserOrigin}/${CONTOSO}/oauth2/v2.0/authorize`)
  url.search = String(
    new URLSearchParams({
      client_id: appId,
      response_type: 'code',
      redirect_uri: redirect,
      scope: 'openid offline_access User.Read',
      code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
      code_challenge_method: 'S256',
    }),
  )
  const back = await signInAndAccept(openBrowser(emulator), url.href, { username: 'uma@contoso.example' })
  return back.url.searchParams.get('code') ?? assert.fail(back.url.href)
}

const ORIGIN = { origin: 'https://app.example' }

test('the platform of the redirect address decides who may redeem: with a secret, without, across origins', async () => {
  const { appId, secret } = await register()
  const redeem = async (redirect: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    askToken(
      emulator,
      CONTOSO,
      {
        grant_type: 'authorization_code',
        client_id: appId,
        redirect_uri: redirect,
        code: await codeFor(appId, redirect),
        code_verifier: VERIFIER,
        ...form,
      },
      headers,
    )
  const withSecret = { client_secret: secret }
  const table = [
    [WEB, withSecret, {}, null],
    [WEB, {}, {}, 7000218],
    [WEB, withSecret, ORIGIN, 9002326],
    [SPA, {}, ORIGIN, null],
    [SPA, withSecret, ORIGIN, 700025],
    [SPA, {}, {}, 9002327],
    [PROGRAM, {}, {}, null],
    [PROGRAM, withSecret, {}, 700025],
    [PROGRAM, {}, ORIGIN, 9002326],
  ] as const
  for (const [redirect, form, headers, code] of table) {
    const { status, body } = await redeem(redirect, form, headers)
    const what = `${redirect} ${JSON.stringify({ ...form, ...headers })}: ${body.error_description}`
    if (code === null) assert.equal(status, 200, what)
    else assert.deepEqual(body.error_codes, [code], what)
  }
})

test('a refresh token stays with the platform that it came from', async () => {
  const { appId, secret } = await register()
  const form = { grant_type: 'authorization_code', client_id: appId, redirect_uri: PROGRAM, code_verifier: VERIFIER }
  const first = await askToken(emulator, CONTOSO, { ...form, code: await codeFor(appId, PROGRAM) })
  const refresh = (more: Record<string, string>) =>
    askToken(emulator, CONTOSO, {
      grant_type: 'refresh_token',
      client_id: appId,
      refresh_token: first.body.refresh_token,
      ...more,
    })
  assert.equal((await refresh({})).status, 200)
  assert.deepEqual((await refresh({ client_secret: secret })).body.error_codes, [700025])
  assert.notEqual(appId, APP)
})
