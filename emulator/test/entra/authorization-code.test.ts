import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import { CryptoProvider } from '@azure/msal-node'
import { createRemoteJWKSet, customFetch, decodeJwt, jwtVerify } from 'jose'
import { Agent, fetch } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { openBrowser, signIn, signInAndAccept } from '#emulator/test/support/browser.ts'
import {
  API_APP,
  APP,
  CONTOSO,
  EXPIRED_SECRET,
  FABRIKAM,
  REDIRECT,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'
import { msalFor } from '#emulator/test/support/msal.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const SCOPES = ['openid', 'profile', 'User.Read']
const VERIFIER = 'a-verifier-that-is-long-enough-for-the-rules-of-rfc-7636'
const UMA = { username: 'uma@fabrikam.example' }
const s256 = (verifier: string) => createHash('sha256').update(verifier).digest('base64url')

/** An authorization request by hand; `undefined` leaves a parameter out. */
function authorizeUrl(parameters: Record<string, string | undefined> = {}, segment = 'organizations'): string {
  const url = new URL(`${emulator.browserOrigin}/${segment}/oauth2/v2.0/authorize`)
  const all: Record<string, string | undefined> = {
    client_id: APP,
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: 'openid profile offline_access User.Read',
    state: 'the-state',
    code_challenge: s256(VERIFIER),
    code_challenge_method: 'S256',
    ...parameters,
  }
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}

async function getCode(parameters: Record<string, string | undefined> = {}, segment = 'organizations') {
  const back = await signInAndAccept(openBrowser(emulator), authorizeUrl(parameters, segment), UMA)
  return back.url.searchParams.get('code') ?? assert.fail(`no code in ${back.url.href}`)
}

const redeem = (code: string, more: Record<string, string> = {}, segment = 'organizations') =>
  askToken(emulator, segment, {
    grant_type: 'authorization_code',
    client_id: APP,
    client_secret: SECRET,
    redirect_uri: REDIRECT,
    code_verifier: VERIFIER,
    code,
    ...more,
  })

test('MSAL signs a user in by code and PKCE, through the pages, under every kind of authority', async () => {
  for (const tenant of ['common', 'organizations', FABRIKAM, 'FABRIKAM.example']) {
    emulator.reset()
    const msal = msalFor(emulator, tenant)
    const { verifier, challenge } = await new CryptoProvider().generatePkceCodes()
    const nonce = 'a-nonce'
    const url = await msal.getAuthCodeUrl({
      scopes: SCOPES,
      redirectUri: REDIRECT,
      state: 'a state & more',
      nonce,
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
    })
    const back = await signInAndAccept(openBrowser(emulator), url, UMA)
    assert.equal(back.url.origin + back.url.pathname, REDIRECT)
    assert.equal(back.url.searchParams.get('state'), 'a state & more')
    assert.ok(back.url.searchParams.get('session_state'))
    assert.ok(back.url.searchParams.get('client_info'))
    const code = back.url.searchParams.get('code') ?? ''
    const result = await msal.acquireTokenByCode({
      scopes: SCOPES,
      redirectUri: REDIRECT,
      code,
      codeVerifier: verifier,
      nonce,
    })
    assert.equal(result.account?.username, 'uma@fabrikam.example')
    assert.equal(result.tenantId, FABRIKAM)

    const jwks = createRemoteJWKSet(new URL(`${emulator.origin}/${FABRIKAM}/discovery/v2.0/keys`), {
      [customFetch]: (address, options) =>
        fetch(address, { ...(options as object), dispatcher: new Agent({ connect: { ca: emulator.ca } }) }) as never,
    })
    const { payload, protectedHeader } = await jwtVerify(result.idToken, jwks, {
      issuer: `${emulator.origin}/${FABRIKAM}/v2.0`,
      audience: APP,
      algorithms: ['RS256'],
    })
    assert.equal(protectedHeader.typ, 'JWT')
    assert.equal(payload.nonce, nonce)
    assert.equal(payload.tid, FABRIKAM)
    assert.equal(payload.ver, '2.0')
    assert.equal(payload.preferred_username, 'uma@fabrikam.example')
    assert.equal(payload.oid, result.account?.localAccountId)
    assert.notEqual(payload.sub, payload.oid)

    const access = decodeJwt(result.accessToken)
    assert.equal(access.iss, `https://sts.windows.net/${FABRIKAM}/`)
    assert.equal(access.ver, '1.0')
    assert.equal(access.appid, APP)
    assert.equal(access.appidacr, '1')
    assert.equal(access.idtyp, 'user')
    assert.equal(access.upn, 'uma@fabrikam.example')
    assert.deepEqual(String(access.scp).split(' ').sort(), ['User.Read', 'openid', 'profile'])
  }
})

test('form_post answers with a page that posts itself, under a policy that lets it', async () => {
  const page = await signInAndAccept(openBrowser(emulator), authorizeUrl({ response_mode: 'form_post' }), UMA)
  assert.equal(page.status, 200)
  assert.match(page.text, new RegExp(`<form method="post" action="${REDIRECT}"`))
  assert.match(page.text, /name="code" value="1\.A/)
  assert.match(page.text, /name="state" value="the-state"/)
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /form-action 'self' http:\/\/localhost:3999/)
  assert.match(policy, /default-src 'none'/)
})

test('fragment keeps the code from the server; query is the rule', async () => {
  const back = await signInAndAccept(openBrowser(emulator), authorizeUrl({ response_mode: 'fragment' }), UMA)
  assert.match(back.url.hash, /code=1\.A/)
  assert.equal(back.url.search, '')
})

test('a code works once: AADSTS54005', async () => {
  const code = await getCode()
  assert.equal((await redeem(code)).status, 200)
  const again = await redeem(code)
  assert.equal(again.status, 400)
  assert.equal(again.body.error, 'invalid_grant')
  assert.deepEqual(again.body.error_codes, [54005])
})

test('a code lives ten minutes: AADSTS70008 when the clock is turned', async () => {
  const [early, late] = [await getCode(), await getCode({ prompt: 'login' })]
  emulator.clock.advance({ minutes: 9 })
  assert.equal((await redeem(early)).status, 200)
  emulator.clock.advance({ minutes: 2 })
  assert.deepEqual((await redeem(late)).body.error_codes, [70008])
})

test('a code is bound to verifier, redirect address, client and tenant', async () => {
  assert.deepEqual((await redeem(await getCode(), { code_verifier: `${VERIFIER}x` })).body.error_codes, [501481])
  assert.deepEqual(
    (await redeem(await getCode(), { redirect_uri: 'http://localhost:3999/other' })).body.error_codes,
    [500112],
  )
  assert.deepEqual((await redeem(await getCode(), { client_id: API_APP })).body.error_codes, [700007])
  assert.deepEqual((await redeem(await getCode(), {}, CONTOSO)).body.error_codes, [700005])
  assert.deepEqual((await redeem('1.Anonsense')).body.error_codes, [9002313])
  const { code_verifier: _, ...without } = { code_verifier: '', code: await getCode() }
  const none = await askToken(emulator, 'organizations', {
    grant_type: 'authorization_code',
    client_id: APP,
    client_secret: SECRET,
    redirect_uri: REDIRECT,
    ...without,
  })
  assert.deepEqual(none.body.error_codes, [50148])
})

test('a challenge of an impossible size is refused on a page: AADSTS501491', async () => {
  const page = await openBrowser(emulator).open(authorizeUrl({ code_challenge: 'short' }))
  assert.equal(page.status, 400)
  assert.match(page.text, /AADSTS501491/)
})

test('the answer holds what was asked: scope in the client’s spelling, refresh token, client_info', async () => {
  const plain = await redeem(await getCode({ scope: 'openid User.Read' }))
  assert.equal(plain.body.scope, 'openid User.Read')
  assert.equal('refresh_token' in plain.body, false)
  assert.equal('client_info' in plain.body, false)
  assert.equal(decodeJwt(plain.body.id_token).nonce, undefined)
  assert.equal(decodeJwt(plain.body.id_token).oid, undefined, 'oid comes with the scope profile')
  assert.equal(plain.headers.get('cache-control'), 'no-store, no-cache')

  const rich = await redeem(
    await getCode({ scope: 'openid profile email offline_access https://graph.microsoft.com/User.Read', nonce: 'n' }),
    { client_info: '1' },
  )
  assert.equal(rich.body.scope, 'openid profile email https://graph.microsoft.com/User.Read')
  const { uid, utid } = JSON.parse(Buffer.from(rich.body.client_info, 'base64url').toString())
  const claims = decodeJwt(rich.body.id_token)
  assert.deepEqual([uid, utid], [claims.oid, FABRIKAM])
  assert.equal(claims.nonce, 'n')
  assert.equal(claims.email, 'uma@fabrikam.example')

  const renewed = await askToken(emulator, FABRIKAM, {
    grant_type: 'refresh_token',
    client_id: APP,
    client_secret: SECRET,
    refresh_token: rich.body.refresh_token,
    scope: 'https://graph.microsoft.com/.default openid profile offline_access',
  })
  assert.equal(renewed.status, 200)
  assert.equal(
    renewed.body.scope,
    'openid profile https://graph.microsoft.com/User.Read https://graph.microsoft.com/.default',
  )
  emulator.clock.advance({ days: 91 })
  const idle = await askToken(emulator, FABRIKAM, {
    grant_type: 'refresh_token',
    client_id: APP,
    client_secret: SECRET,
    refresh_token: renewed.body.refresh_token,
  })
  assert.deepEqual(idle.body.error_codes, [700082])
})

test('a refresh for what nobody consented to is AADSTS65001 with suberror consent_required', async () => {
  const { body } = await redeem(await getCode())
  const refused = await askToken(emulator, FABRIKAM, {
    grant_type: 'refresh_token',
    client_id: APP,
    client_secret: SECRET,
    refresh_token: body.refresh_token,
    scope: 'https://graph.microsoft.com/Application.Read.All',
  })
  assert.equal(refused.status, 400)
  assert.equal(refused.body.error, 'invalid_grant')
  assert.equal(refused.body.suberror, 'consent_required')
  assert.deepEqual(refused.body.error_codes, [65001])
})

test('disabling the user ends refresh: AADSTS50057', async () => {
  const { body } = await redeem(await getCode())
  await emulator.directory.setUserEnabled({ tenant: FABRIKAM, user: UMA.username, enabled: false })
  const refused = await askToken(emulator, FABRIKAM, {
    grant_type: 'refresh_token',
    client_id: APP,
    client_secret: SECRET,
    refresh_token: body.refresh_token,
  })
  assert.deepEqual(refused.body.error_codes, [50057])
})

test('what must not be redirected is told on a page', async () => {
  const browser = openBrowser(emulator)
  const cases: readonly (readonly [string, Record<string, string | undefined>, string?])[] = [
    ['AADSTS700016', { client_id: '00000000-1111-4222-8333-444444444444' }],
    ['AADSTS50011', { redirect_uri: 'https://evil.example/callback' }],
    ['AADSTS900144', { scope: undefined }],
    ['AADSTS900144', { client_id: undefined }],
    ['AADSTS90002', {}, 'nosuch.example'],
    ['AADSTS900023', {}, 'nonsense'],
  ]
  for (const [code, parameters, segment] of cases) {
    const page = await browser.open(authorizeUrl(parameters, segment))
    assert.equal(page.status, 400, code)
    assert.match(page.text, new RegExp(`${code}:`))
  }
})

test('what the client can mend is told at its own address, in the way it asked for', async () => {
  const browser = openBrowser(emulator)
  const table: readonly (readonly [string, RegExp, Record<string, string>])[] = [
    ['unsupported_response_type', /^AADSTS700054/, { response_type: 'id_token', response_mode: 'query' }],
    ['invalid_scope', /^AADSTS70011/, { scope: 'openid No.Such.Permission' }],
    ['invalid_scope', /^AADSTS70011/, { scope: 'https://graph.microsoft.com/.default User.Read' }],
    ['invalid_resource', /^AADSTS500011/, { scope: 'https://nobody.example/Read' }],
  ]
  for (const [error, description, parameters] of table) {
    const { url } = await browser.open(authorizeUrl(parameters))
    // What might have been a token goes where a token may: never into the query.
    const answer = url.hash === '' ? url.searchParams : new URLSearchParams(url.hash.slice(1))
    assert.equal(answer.get('error'), error)
    assert.match(answer.get('error_description') ?? '', description)
    assert.equal(answer.get('state'), 'the-state')
  }
})

test('localhost matches on any port, nothing else does', async () => {
  const back = await signInAndAccept(
    openBrowser(emulator),
    authorizeUrl({ redirect_uri: 'http://localhost:4567/callback' }),
    UMA,
  )
  assert.equal(back.url.origin, 'http://localhost:4567')
  const page = await openBrowser(emulator).open(authorizeUrl({ redirect_uri: 'http://localhost:3999/Callback' }))
  assert.match(page.text, /AADSTS50011/)
})

test('account and password are checked, in words, and typing goes on', async () => {
  const browser = openBrowser(emulator)
  const account = await browser.open(authorizeUrl())
  assert.match(account.text, /Daemon/)
  const unknown = await browser.press(account, { action: 'next', loginfmt: 'nobody@fabrikam.example' })
  assert.match(unknown.text, /could not find an account/)
  const secret = await browser.press(unknown, { action: 'next', loginfmt: 'UMA@fabrikam.example' })
  const wrong = await browser.press(secret, { action: 'signin', passwd: 'wrong' })
  assert.match(wrong.text, /Your account or password is incorrect/)
  assert.match((await browser.press(wrong, { action: 'signin', passwd: 'Passw0rd!' })).text, /Permissions requested/)

  const disabled = await signIn(openBrowser(emulator), authorizeUrl(), { username: 'disa@fabrikam.example' })
  assert.match(disabled.text, /locked or disabled/)
})

test('a second sign-in goes through by itself, select_account asks, login asks for the password', async () => {
  const browser = openBrowser(emulator)
  await signInAndAccept(browser, authorizeUrl(), UMA)
  assert.ok((await browser.open(authorizeUrl())).url.searchParams.get('code'))
  const pick = await browser.open(authorizeUrl({ prompt: 'select_account' }))
  assert.match(pick.text, /Pick an account/)
  const id = /name="account" value="([^"]+)"/.exec(pick.text)?.[1] ?? ''
  assert.ok((await browser.press(pick, { account: id })).url.searchParams.get('code'))
  assert.match(
    (await browser.press(await browser.open(authorizeUrl({ prompt: 'select_account' })), { action: 'other' })).text,
    /Sign in/,
  )
  assert.match((await browser.open(authorizeUrl({ prompt: 'login', login_hint: UMA.username }))).text, /Sign in/)
})

test('prompt=none never shows a page', async () => {
  const browser = openBrowser(emulator)
  const stranger = await browser.open(authorizeUrl({ prompt: 'none' }))
  assert.equal(stranger.url.searchParams.get('error'), 'login_required')
  assert.equal(stranger.url.searchParams.get('state'), 'the-state')
  await signInAndAccept(browser, authorizeUrl(), UMA)
  assert.ok((await browser.open(authorizeUrl({ prompt: 'none' }))).url.searchParams.get('code'))
  const more = await browser.open(authorizeUrl({ prompt: 'none', scope: 'openid Mail.Read' }))
  assert.equal(more.url.searchParams.get('error'), 'interaction_required')
})

test('a page begun in one browser does not go on in another', async () => {
  const mine = await openBrowser(emulator).open(authorizeUrl())
  const theirs = await openBrowser(emulator).open(mine.url.href)
  assert.equal(theirs.status, 400)
  assert.match(theirs.text, /another browser/)
})

test('Cancel goes back to the client with access_denied', async () => {
  const browser = openBrowser(emulator)
  const early = await browser.press(await browser.open(authorizeUrl()), { action: 'cancel' })
  assert.equal(early.url.searchParams.get('error'), 'access_denied')
  assert.match(early.url.searchParams.get('error_description') ?? '', /canceled the authentication/)
  const late = await browser.press(await signIn(browser, authorizeUrl(), UMA), { action: 'cancel' })
  assert.equal(late.url.searchParams.get('error'), 'access_denied')
  assert.match(late.url.searchParams.get('error_description') ?? '', /^AADSTS65004/)
  assert.equal(late.url.searchParams.get('state'), 'the-state')
})

test('a guest signs in to the tenant that invited him as the object he is there', async () => {
  const url = authorizeUrl({ scope: 'openid profile User.Read' }, FABRIKAM)
  const back = await signInAndAccept(openBrowser(emulator), url, { username: 'uma@contoso.example' })
  const { body } = await redeem(back.url.searchParams.get('code') ?? '', { client_info: '1' }, FABRIKAM)
  const claims = decodeJwt(body.id_token)
  assert.equal(claims.tid, FABRIKAM)
  assert.equal(claims.idp, `https://sts.windows.net/${CONTOSO}/`)
  const home = JSON.parse(Buffer.from(body.client_info, 'base64url').toString())
  assert.equal(home.utid, CONTOSO)
  assert.notEqual(home.uid, claims.oid)
})

test('a stranger is refused in another tenant, a personal account everywhere: AADSTS50020', async () => {
  const stranger = await signIn(openBrowser(emulator), authorizeUrl({}, FABRIKAM), {
    username: 'grace@contoso.example',
  })
  assert.equal(stranger.status, 400)
  assert.match(stranger.text, /AADSTS50020/)
  const personal = await signIn(openBrowser(emulator), authorizeUrl({}, 'common'), { username: 'pat@outlook.example' })
  assert.match(personal.text, /AADSTS50020/)
})

test('an app of one tenant is unknown to others and has no place on common', async () => {
  const app = { client_id: 'a0000000-0000-4000-8000-00000000000c' }
  assert.match((await openBrowser(emulator).open(authorizeUrl(app, FABRIKAM))).text, /AADSTS700016/)
  assert.match((await openBrowser(emulator).open(authorizeUrl(app, 'common'))).text, /AADSTS50194/)
})

test('the error body has every field that clients read', async () => {
  const { body, status, headers } = await redeem('1.Anonsense', { client_secret: EXPIRED_SECRET })
  assert.equal(status, 401)
  assert.match(headers.get('content-type') ?? '', /^application\/json/)
  assert.match(
    body.error_description,
    /^AADSTS7000222: .* Trace ID: [\w-]+ Correlation ID: [\w-]+ Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/,
  )
  assert.match(body.timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/)
  assert.match(body.error_uri, /error\?code=7000222$/)
  assert.ok(body.trace_id && body.correlation_id)
  const correlated = await ask(
    emulator,
    `/organizations/oauth2/v2.0/token?client-request-id=3f2504e0-4f89-41d3-9a0c-0305e82c3301`,
    { form: {} },
  )
  assert.equal(correlated.body.correlation_id, '3f2504e0-4f89-41d3-9a0c-0305e82c3301')
})

test('signing out ends the session and goes back only to a registered address', async () => {
  const browser = openBrowser(emulator)
  await signInAndAccept(browser, authorizeUrl(), UMA)
  const logout = `${emulator.browserOrigin}/organizations/oauth2/v2.0/logout`
  const back = await browser.open(`${logout}?post_logout_redirect_uri=${encodeURIComponent(REDIRECT)}`)
  assert.equal(back.url.href, REDIRECT)
  assert.match((await browser.open(authorizeUrl())).text, /Sign in/)
  const stay = await browser.open(`${logout}?post_logout_redirect_uri=${encodeURIComponent('https://evil.example/')}`)
  assert.match(stay.text, /You signed out/)
})
