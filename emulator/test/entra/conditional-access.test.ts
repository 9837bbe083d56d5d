import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { InteractionRequiredAuthError } from '@azure/msal-node'
import { decodeJwt } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import { type Browser, openBrowser, type Page, signIn, signInAndAccept } from '#emulator/test/support/browser.ts'
import { APP, CONTOSO, FABRIKAM, GRAPH_DEFAULT, REDIRECT, SECRET, testEstate } from '#emulator/test/support/estate.ts'
import { msalFor } from '#emulator/test/support/msal.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'

const SECOND_FACTOR = { displayName: 'Second factor for all', users: 'all', requires: 'mfa' } as const
const estate = testEstate()
const emulator = await startEmulator({
  estate: {
    ...estate,
    tenants: estate.tenants.map((tenant) =>
      tenant.id === CONTOSO ? { ...tenant, conditionalAccess: [SECOND_FACTOR] } : tenant,
    ),
  },
})
after(() => emulator.close())
beforeEach(() => emulator.reset())

const at = (name: string, domain = 'contoso.example') => ({ username: `${name}@${domain}` })
function urlFor(more: Record<string, string> = {}, segment = 'organizations'): string {
  const url = new URL(`${emulator.browserOrigin}/${segment}/oauth2/v2.0/authorize`)
  const all = {
    client_id: APP,
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: 'openid profile offline_access User.Read',
    state: 's',
    ...more,
  }
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
  return url.href
}
const verify = (browser: Browser, page: Page, otc = '123456') => browser.press(page, { action: 'verify', otc })
const redeem = async (page: Page) =>
  (
    await askToken(emulator, 'organizations', {
      grant_type: 'authorization_code',
      client_id: APP,
      client_secret: SECRET,
      redirect_uri: REDIRECT,
      code: page.url.searchParams.get('code') ?? assert.fail(page.url.href),
    })
  ).body
const decide = (
  tenant: string,
  ...policies: Parameters<typeof emulator.directory.setConditionalAccess>[0]['policies']
) => emulator.directory.setConditionalAccess({ tenant, policies })

test('a policy of the estate asks for the second factor, whose code is 123456, and the tokens say so', async () => {
  const browser = openBrowser(emulator)
  const code = await signIn(browser, urlFor(), at('uma'))
  assert.match(code.text, /Enter code/)
  const wrong = await verify(browser, code, '000000')
  assert.match(wrong.text, /That code is not right/)
  const consent = await verify(browser, wrong)
  assert.match(consent.text, /Permissions requested/)
  const body = await redeem(await browser.press(consent, { action: 'accept' }))
  assert.deepEqual(decodeJwt(body.access_token).amr, ['pwd', 'mfa'])
  const again = await browser.open(urlFor())
  assert.ok(again.url.searchParams.get('code'), 'the session remembers the second factor')
  const other = await signInAndAccept(openBrowser(emulator), urlFor(), at('uma', 'fabrikam.example'))
  assert.deepEqual(decodeJwt((await redeem(other)).access_token).amr, ['pwd'], 'another tenant asks for none')
})

test('whoever has no second factor sets it up on the way', async () => {
  await emulator.directory.setSecondFactor({ tenant: CONTOSO, user: 'uma@contoso.example', present: false })
  const browser = openBrowser(emulator)
  const setUp = await signIn(browser, urlFor(), at('uma'))
  assert.match(setUp.text, /More information required/)
  const code = await browser.press(setUp, { action: 'next' })
  assert.match(code.text, /Enter code/)
  assert.match((await verify(browser, code)).text, /Permissions requested/)
  assert.match((await signIn(openBrowser(emulator), urlFor(), at('uma'))).text, /Enter code/)
})

test('administrators may be singled out by role, and people left out by name', async () => {
  const admins = { displayName: 'Administrators', roles: ['Global Administrator'], requires: 'mfa' as const }
  await decide(FABRIKAM, { ...admins })
  const asked = async (name: string) => {
    const page = await signIn(openBrowser(emulator), urlFor(), at(name, 'fabrikam.example'))
    return /<h[12]>([^<]+)/.exec(page.text.replace(/<h1>Daemon<\/h1>/, ''))?.[1]
  }
  assert.equal(await asked('uma'), 'Permissions requested')
  assert.equal(await asked('grace'), 'Enter code')
  await decide(FABRIKAM, { ...admins, excludedUsers: ['grace@fabrikam.example'] })
  assert.equal(await asked('grace'), 'Permissions requested')
})

test('MSAL is told to ask the user, with claims, and the sign-in that follows satisfies them', async () => {
  const msal = msalFor(emulator, FABRIKAM)
  const scopes = ['User.Read']
  const request = { scopes, redirectUri: REDIRECT }
  const first = await signInAndAccept(
    openBrowser(emulator),
    await msal.getAuthCodeUrl(request),
    at('uma', 'fabrikam.example'),
  )
  const { account } = await msal.acquireTokenByCode({ ...request, code: first.url.searchParams.get('code') ?? '' })
  assert.ok(account)
  await decide(FABRIKAM, { ...SECOND_FACTOR })
  const silent = { account, scopes, forceRefresh: true }
  const challenge = await msal.acquireTokenSilent(silent).catch((error: unknown) => error)
  assert.ok(challenge instanceof InteractionRequiredAuthError)
  assert.equal(challenge.subError, 'basic_action')
  assert.match(challenge.claims, /capolids/)
  const browser = openBrowser(emulator)
  const url = await msal.getAuthCodeUrl({ ...request, claims: challenge.claims })
  const back = await verify(browser, await signIn(browser, url, at('uma', 'fabrikam.example')))
  const result = await msal.acquireTokenByCode({ ...request, code: back.url.searchParams.get('code') ?? '' })
  assert.deepEqual(decodeJwt(result.accessToken).amr, ['pwd', 'mfa'])
  assert.ok(await msal.acquireTokenSilent(silent), 'and the refresh token carries it on')
})

test('on behalf of: the second factor that the user has shown counts', async () => {
  const scopes = ['api://orders/Orders.Read']
  const tokenFor = async (browser: Browser, page: Page) => {
    const back = page.status === 0 ? page : await browser.press(page, { action: 'accept' })
    const result = await msalFor(emulator, 'organizations').acquireTokenByCode({
      scopes,
      redirectUri: REDIRECT,
      code: back.url.searchParams.get('code') ?? '',
    })
    return result.accessToken
  }
  const api = 'a0000000-0000-4000-8000-00000000000d'
  const uma = at('uma', 'fabrikam.example')
  const url = urlFor({ scope: 'openid api://orders/Orders.Read' })
  const browser = openBrowser(emulator)
  const weak = await tokenFor(browser, await signIn(browser, url, uma))
  await signInAndAccept(openBrowser(emulator), urlFor({ client_id: api, scope: 'openid User.Read' }), uma)
  await decide(FABRIKAM, { ...SECOND_FACTOR })
  const strong = await tokenFor(browser, await verify(browser, await browser.open(url)))
  const onBehalfOf = (oboAssertion: string) =>
    msalFor(emulator, FABRIKAM, { clientId: api }).acquireTokenOnBehalfOf({ oboAssertion, scopes: ['User.Read'] })
  await assert.rejects(onBehalfOf(weak), /50076/)
  assert.deepEqual(decodeJwt((await onBehalfOf(strong))?.accessToken ?? '').amr, ['pwd', 'mfa'])
})

test('a block is told on the page, and at prompt=none to the client', async () => {
  const browser = openBrowser(emulator)
  await signInAndAccept(browser, urlFor(), at('uma', 'fabrikam.example'))
  await decide(FABRIKAM, { displayName: 'Nobody', users: 'all', requires: 'block' })
  const page = await browser.open(urlFor())
  assert.match(page.text, /AADSTS53003/)
  assert.match(page.text, /You cannot access this right now/)
  const { url } = await browser.open(urlFor({ prompt: 'none' }))
  assert.equal(url.searchParams.get('error'), 'access_denied')
  assert.match(url.searchParams.get('error_description') ?? '', /^AADSTS53003/)
})

test('a policy means the resource that it names, and the workload that it names', async () => {
  await decide(CONTOSO, {
    displayName: 'No daemon at Graph',
    workloads: [APP],
    resources: ['00000003-0000-0000-c000-000000000000'],
    requires: 'block',
  })
  const appOnly = (scope: string) =>
    msalFor(emulator, CONTOSO).acquireTokenByClientCredential({ scopes: [scope], skipCache: true })
  await assert.rejects(appOnly(GRAPH_DEFAULT), /53003/)
  assert.ok(await appOnly('api://orders/.default'))
  await decide(CONTOSO)
  assert.ok(await appOnly(GRAPH_DEFAULT), 'and nobody when it is gone')
})

test('sign-in frequency: the page wants the password again when the time has passed', async () => {
  await decide(FABRIKAM, { displayName: 'Hourly', users: 'all', signInFrequencyMinutes: 60 })
  const browser = openBrowser(emulator)
  await signInAndAccept(browser, urlFor(), at('uma', 'fabrikam.example'))
  emulator.clock.advance({ minutes: 50 })
  assert.ok((await browser.open(urlFor())).url.searchParams.get('code'))
  emulator.clock.advance({ minutes: 20 })
  const page = await browser.open(urlFor())
  assert.match(page.text, /Enter password/)
  const back = await browser.press(page, { action: 'signin', passwd: 'Passw0rd!' })
  assert.ok(back.url.searchParams.get('code'))
})

test('revoked sessions: the browser is signed out, and a new sign-in is good again', async () => {
  const browser = openBrowser(emulator)
  const uma = at('uma', 'fabrikam.example')
  const { refresh_token } = await redeem(await signInAndAccept(browser, urlFor(), uma))
  await emulator.directory.revokeSessions({ tenant: FABRIKAM, user: uma.username })
  const refresh = (token: string) =>
    askToken(emulator, FABRIKAM, {
      grant_type: 'refresh_token',
      client_id: APP,
      client_secret: SECRET,
      refresh_token: token,
    })
  assert.deepEqual((await refresh(refresh_token)).body.error_codes, [50173])
  const account = await browser.open(urlFor())
  assert.match(account.text, /<h1>Sign in<\/h1>/)
  const renewed = await redeem(await signIn(browser, urlFor(), uma))
  assert.equal((await refresh(renewed.refresh_token)).status, 200)
})

test('ten wrong passwords lock the account for a minute, on the page as for programs', async () => {
  const browser = openBrowser(emulator)
  let page = await browser.press(await browser.open(urlFor()), { action: 'next', loginfmt: 'uma@fabrikam.example' })
  for (let attempt = 0; attempt < 10; attempt++) page = await browser.press(page, { action: 'signin', passwd: 'wrong' })
  assert.match((await browser.press(page, { action: 'signin', passwd: 'Passw0rd!' })).text, /temporarily locked/)
  emulator.clock.advance({ minutes: 2 })
  assert.match((await browser.press(page, { action: 'signin', passwd: 'Passw0rd!' })).text, /Permissions requested/)
})

test('an expired password is changed on the page, and the new one holds', async () => {
  const uma = at('uma', 'fabrikam.example')
  await emulator.directory.expirePassword({ tenant: FABRIKAM, user: uma.username })
  const browser = openBrowser(emulator)
  const page = await signIn(browser, urlFor(), uma)
  assert.match(page.text, /Update your password/)
  const change = (newpasswd: string, confirmpasswd = newpasswd) =>
    browser.press(page, { action: 'signin', newpasswd, confirmpasswd })
  assert.match((await change('short')).text, /eight characters/)
  assert.match((await change('Passw0rd!')).text, /not used before/)
  assert.match((await change('N3w-Passw0rd!', 'another')).text, /not the same/)
  assert.match((await change('N3w-Passw0rd!')).text, /Permissions requested/)
  assert.match((await signIn(openBrowser(emulator), urlFor(), uma)).text, /incorrect/)
  const good = await signIn(openBrowser(emulator), urlFor(), { ...uma, password: 'N3w-Passw0rd!' })
  assert.match(good.text, /Permissions requested/)
})

test('tenant restrictions, both versions: pages and tokens of other tenants are refused: AADSTS500021', async () => {
  const form = { grant_type: 'client_credentials', client_id: APP, client_secret: SECRET, scope: GRAPH_DEFAULT }
  const codes = async (headers: Record<string, string>) =>
    (await askToken(emulator, CONTOSO, form, headers)).body.error_codes
  assert.deepEqual(await codes({ 'restrict-access-to-tenants': 'fabrikam.example, northwind.example' }), [500021])
  assert.equal(await codes({ 'restrict-access-to-tenants': `fabrikam.example,${CONTOSO}` }), undefined)
  const policy = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'
  assert.deepEqual(await codes({ 'sec-restrict-tenant-access-policy': `${FABRIKAM}:${policy}` }), [500021])
  assert.equal(await codes({ 'sec-restrict-tenant-access-policy': `${CONTOSO}:${policy}` }), undefined)
  const url = new URL(urlFor({}, CONTOSO))
  const page = await ask(emulator, url.pathname + url.search, {
    headers: { 'restrict-access-to-tenants': 'fabrikam.example' },
  })
  assert.match(page.text, /AADSTS500021: Access to &#39;Contoso&#39; tenant is denied/)
})

test('a policy that names nobody who is there is a mistake, in the estate and through the control API', async () => {
  const policy = { displayName: 'Wrong', users: ['nobody@fabrikam.example'], roles: ['No Such Role'], requires: 'mfa' }
  const wrong = {
    ...estate,
    tenants: estate.tenants.map((tenant) => ({ ...tenant, conditionalAccess: [policy] })),
  } as typeof estate
  await assert.rejects(startEmulator({ estate: wrong }), /names nobody@fabrikam\.example[\s\S]*unknown directory role/)
  const { status, text } = await ask(emulator, '/_emulator/operations/setConditionalAccess', {
    method: 'POST',
    json: { tenant: FABRIKAM, policies: [policy] },
  })
  assert.equal(status, 404)
  assert.match(text, /names nobody@fabrikam\.example/)
})
