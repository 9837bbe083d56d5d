import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import { openBrowser, type Page, signIn, signInAndAccept } from '#emulator/test/support/browser.ts'
import {
  API_APP,
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH_DEFAULT,
  ISV,
  REDIRECT,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'
import { askToken } from '#emulator/test/support/token.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const at = (name: string, domain = 'fabrikam.example') => ({ username: `${name}@${domain}` })
function urlFor(path: string, parameters: Record<string, string>): string {
  const url = new URL(`${emulator.browserOrigin}/${path}`)
  const all = { client_id: APP, redirect_uri: REDIRECT, state: 's', ...parameters }
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
  return url.href
}
const authorize = (scope: string, more: Record<string, string> = {}) =>
  urlFor('organizations/oauth2/v2.0/authorize', { response_type: 'code', scope, ...more })
const v2 = (scope: string, segment = 'organizations') => urlFor(`${segment}/v2.0/adminconsent`, { scope })
const v1 = () => urlFor('organizations/adminconsent', {})

const codeOf = (page: Page) => page.url.searchParams.get('code')
async function scopesOf(page: Page, scope = 'openid'): Promise<string[]> {
  const { body } = await askToken(emulator, 'organizations', {
    grant_type: 'authorization_code',
    client_id: APP,
    client_secret: SECRET,
    redirect_uri: REDIRECT,
    code: codeOf(page) ?? assert.fail(page.url.href),
    scope,
  })
  return String(decodeJwt(body.access_token).scp).split(' ').sort()
}
const appOnly = (tenant: string) =>
  askToken(emulator, tenant, {
    grant_type: 'client_credentials',
    client_id: APP,
    client_secret: SECRET,
    scope: GRAPH_DEFAULT,
  })
const rolesIn = async (tenant: string) => decodeJwt((await appOnly(tenant)).body.access_token).roles

test('the page shows who asks, for whom, in which tenant, and what', async () => {
  const page = await signIn(openBrowser(emulator), authorize('openid profile User.Read'), at('uma'))
  for (const words of [
    'Daemon',
    'Verified',
    'Northwind',
    'uma@fabrikam.example',
    'Fabrikam',
    'Sign in and read user profile',
  ])
    assert.ok(page.text.includes(words), words)
  assert.doesNotMatch(page.text, /on behalf of your organization/)
})

test('an ordinary user consents for himself; the service principal comes into being; nobody else is asked less', async () => {
  assert.deepEqual((await appOnly(FABRIKAM)).body.error_codes, [7000229])
  const browser = openBrowser(emulator)
  const back = await signInAndAccept(browser, authorize('openid profile User.Read'), at('uma'))
  assert.deepEqual(await scopesOf(back), ['User.Read', 'openid', 'profile'])
  assert.equal((await appOnly(FABRIKAM)).status, 200)
  assert.equal(await rolesIn(FABRIKAM), undefined, 'consent of a user gives no app role')
  assert.ok(codeOf(await browser.open(authorize('openid profile User.Read'))), 'remembered')
  const other = await signIn(openBrowser(emulator), authorize('openid profile User.Read'), at('grace'))
  assert.match(other.text, /Permissions requested/)
})

test('consent adds up: only what is new is asked, and the token holds all', async () => {
  const browser = openBrowser(emulator)
  await signInAndAccept(browser, authorize('openid User.Read'), at('uma', 'contoso.example'))
  const more = await browser.open(authorize('openid Mail.Read'))
  assert.match(more.text, /Read user mail/)
  assert.doesNotMatch(more.text, /Sign in and read user profile/)
  const back = await browser.press(more, { action: 'accept' })
  assert.deepEqual(await scopesOf(back), ['Mail.Read', 'User.Read', 'openid'])
})

test('a Global Administrator consents for himself, or for all with the box ticked', async () => {
  const alone = await signInAndAccept(openBrowser(emulator), authorize('openid User.Read'), at('grace'))
  assert.ok(codeOf(alone))
  assert.match(
    (await signIn(openBrowser(emulator), authorize('openid User.Read'), at('uma'))).text,
    /Permissions requested/,
  )
  const browser = openBrowser(emulator)
  const page = await signIn(browser, authorize('openid User.Read', { prompt: 'consent' }), at('grace'))
  assert.match(page.text, /Consent on behalf of your organization/)
  assert.ok(codeOf(await browser.press(page, { action: 'accept', onBehalfOf: 'organization' })))
  assert.ok(
    codeOf(await signIn(openBrowser(emulator), authorize('openid User.Read'), at('uma'))),
    'uma is asked no more',
  )
})

test('an Application Administrator may consent to what needs an admin, but is offered no box', async () => {
  const browser = openBrowser(emulator)
  const page = await signIn(browser, authorize('openid Application.Read.All'), at('adam'))
  assert.match(page.text, /Permissions requested/)
  assert.doesNotMatch(page.text, /on behalf of your organization/)
  const back = await browser.press(page, { action: 'accept', onBehalfOf: 'organization' })
  assert.deepEqual(await scopesOf(back), ['Application.Read.All', 'openid'])
  assert.match(
    (await signIn(openBrowser(emulator), authorize('openid Application.Read.All'), at('uma'))).text,
    /Need admin approval/,
    'the box that was not offered is not heeded',
  )
})

test('T04 an ordinary user meets Need admin approval, and the client hears AADSTS90094', async () => {
  const browser = openBrowser(emulator)
  const page = await signIn(browser, authorize('openid Application.Read.All'), at('uma'))
  assert.match(page.text, /Need admin approval/)
  const back = await browser.press(page, { action: 'cancel' })
  assert.equal(back.url.searchParams.get('error'), 'access_denied')
  assert.match(back.url.searchParams.get('error_description') ?? '', /^AADSTS90094/)
  assert.equal((await appOnly(FABRIKAM)).status, 401, 'no half-made record')
})

test('with the workflow on, the user sends a request: AADSTS90095', async () => {
  await emulator.directory.setConsentPolicy({ tenant: FABRIKAM, adminConsentWorkflow: true })
  const browser = openBrowser(emulator)
  const page = await signIn(browser, authorize('openid Application.Read.All'), at('uma'))
  assert.match(page.text, /Approval required/)
  const back = await browser.press(page, { action: 'request', justification: 'please' })
  assert.match(back.url.searchParams.get('error_description') ?? '', /^AADSTS90095/)
})

test('the tenant’s policy decides what users may consent to', async () => {
  const ask = async (scope: string, domain: string) => {
    const browser = openBrowser(emulator)
    const page = await signIn(browser, authorize(scope), at('uma', domain))
    if (!/admin approval/.test(page.text)) return 'asked'
    const { url } = await browser.press(page, { action: 'cancel' })
    return /AADSTS\d+/.exec(url.searchParams.get('error_description') ?? '')?.[0]
  }
  assert.equal(await ask('openid Mail.Read', 'contoso.example'), 'asked')
  await emulator.directory.setConsentPolicy({ tenant: CONTOSO, userConsent: 'disabled' })
  assert.equal(await ask('openid Mail.Read', 'contoso.example'), 'AADSTS90093')
  assert.equal(await ask('openid Mail.Read', 'fabrikam.example'), 'asked', 'low: the publisher is verified')
})

test('an unverified publisher is risky where the policy is low: AADSTS900941', async () => {
  await using risky = await startEmulator({
    estate: {
      ...testEstate(),
      applications: testEstate().applications?.map((app) => ({ ...app, verifiedPublisher: null })) ?? [],
    },
  })
  const browser = openBrowser(risky)
  const url = authorize('openid Mail.Read').replace(emulator.browserOrigin, risky.browserOrigin)
  const page = await signIn(browser, url, at('uma'))
  assert.match(page.text, /Unverified/)
  assert.match(page.text, /risky/)
  const back = await browser.press(page, { action: 'cancel' })
  assert.match(back.url.searchParams.get('error_description') ?? '', /^AADSTS900941/)
})

test('.default asks for everything registered once, then gives what was granted', async () => {
  const browser = openBrowser(emulator)
  const page = await signIn(browser, authorize(`openid profile ${GRAPH_DEFAULT}`), at('grace'))
  assert.match(page.text, /Read all applications/)
  const back = await browser.press(page, { action: 'accept' })
  assert.deepEqual(await scopesOf(back, `openid ${GRAPH_DEFAULT}`), [
    'Application.Read.All',
    'User.Read',
    'openid',
    'profile',
  ])

  const narrow = openBrowser(emulator)
  await signInAndAccept(narrow, authorize('openid User.Read'), at('uma'))
  const again = await narrow.open(authorize(`openid ${GRAPH_DEFAULT}`))
  assert.deepEqual(await scopesOf(again, GRAPH_DEFAULT), ['User.Read', 'openid'], 'anything granted is enough')
})

test('administrator consent, both versions, gives permissions and app roles, and goes back without a code', async () => {
  for (const [version, url] of [
    [2, v2(GRAPH_DEFAULT)],
    [1, v1()],
  ] as const) {
    emulator.reset()
    const page = await signIn(openBrowser(emulator), url, at('priya'))
    assert.match(page.text, /for your organization/)
    assert.match(page.text, /Read all users&#39; full profiles/)
    emulator.reset()
    const back = await signInAndAccept(openBrowser(emulator), url, at('priya'))
    assert.equal(back.url.searchParams.get('admin_consent'), 'True')
    assert.equal(back.url.searchParams.get('tenant'), FABRIKAM)
    assert.equal(back.url.searchParams.get('state'), 's')
    assert.equal(codeOf(back), null)
    assert.equal(back.url.searchParams.has('scope'), version === 2)
    assert.deepEqual(await rolesIn(FABRIKAM), ['User.Read.All', 'Group.Read.All'])
    assert.ok(
      codeOf(await signIn(openBrowser(emulator), authorize('openid User.Read'), at('uma'))),
      'holds for everybody',
    )
  }
})

test('T03 a declined administrator consent says admin_consent=True beside its error', async () => {
  const browser = openBrowser(emulator)
  const back = await browser.press(await signIn(browser, v2(GRAPH_DEFAULT), at('grace')), { action: 'cancel' })
  assert.equal(back.url.searchParams.get('admin_consent'), 'True')
  assert.equal(back.url.searchParams.get('error'), 'consent_required')
  assert.match(back.url.searchParams.get('error_description') ?? '', /^AADSTS65004/)
  const old = openBrowser(emulator)
  const oldBack = await old.press(await signIn(old, v1(), at('grace')), { action: 'cancel' })
  assert.equal(oldBack.url.searchParams.get('error'), 'permission_denied')
  assert.equal(oldBack.url.searchParams.has('admin_consent'), false)
})

test('administrator consent again replaces what held for everybody; users’ own grants stay', async () => {
  await signInAndAccept(openBrowser(emulator), v2(GRAPH_DEFAULT), at('grace'))
  const uma = openBrowser(emulator)
  await signInAndAccept(uma, authorize('openid Mail.Read'), at('uma'))
  await signInAndAccept(openBrowser(emulator), v2('openid User.Read'), at('grace'))
  assert.deepEqual(await scopesOf(await uma.open(authorize('openid User.Read Mail.Read'))), [
    'Mail.Read',
    'User.Read',
    'openid',
  ])
})

test('an Application Administrator cannot give app roles of Microsoft Graph, but delegated permissions', async () => {
  const browser = openBrowser(emulator)
  const page = await signIn(browser, v2(GRAPH_DEFAULT), at('adam'))
  assert.match(page.text, /Need admin approval/)
  const back = await browser.press(page, { action: 'cancel' })
  assert.match(back.url.searchParams.get('error_description') ?? '', /^AADSTS90094/)
  assert.equal((await appOnly(FABRIKAM)).status, 401, 'nothing is recorded')
  const delegated = await signInAndAccept(openBrowser(emulator), v2('openid User.Read'), at('adam'))
  assert.equal(delegated.url.searchParams.get('tenant'), FABRIKAM)
})

test('an ordinary user gives no administrator consent', async () => {
  assert.match((await signIn(openBrowser(emulator), v2(GRAPH_DEFAULT), at('uma'))).text, /Need admin approval/)
})

test('administrator consent may come back to a longer path of a registered address', async () => {
  const back = await signInAndAccept(
    openBrowser(emulator),
    urlFor('organizations/v2.0/adminconsent', { scope: 'openid', redirect_uri: `${REDIRECT}/after` }),
    at('grace'),
  )
  assert.equal(back.url.pathname, '/callback/after')
  const page = await openBrowser(emulator).open(
    urlFor('organizations/v2.0/adminconsent', { scope: 'openid', redirect_uri: 'http://localhost:3999/callbackevil' }),
  )
  assert.match(page.text, /AADSTS50011/)
})

test('an API of our own is consented to beside Graph, and its token is for it alone', async () => {
  const browser = openBrowser(emulator)
  const page = await signIn(browser, authorize('openid User.Read api://orders/Orders.Read'), at('uma'))
  assert.match(page.text, /Read your orders/)
  const back = await browser.press(page, { action: 'accept' })
  assert.deepEqual(await scopesOf(back, 'openid api://orders/Orders.Read'), ['Orders.Read'])
  assert.deepEqual(await scopesOf(await browser.open(authorize('openid User.Read'))), ['User.Read', 'openid'])
})

test('a resource without a service principal in the tenant is AADSTS650052', async () => {
  await emulator.directory.deleteServicePrincipal({ tenant: CONTOSO, app: API_APP })
  const page = await signIn(
    openBrowser(emulator),
    authorize('api://orders/Orders.Read'),
    at('grace', 'contoso.example'),
  )
  assert.match(page.text, /AADSTS650052/)
})

test('.default where nothing is registered is AADSTS650056', async () => {
  const url = new URL(authorize(GRAPH_DEFAULT))
  url.searchParams.set('client_id', API_APP)
  assert.match((await signIn(openBrowser(emulator), url.href, at('grace'))).text, /AADSTS650056/)
})

test('assignment required: only the assigned come in: AADSTS50105', async () => {
  const estate = testEstate()
  const presences = estate.servicePrincipals?.map((presence) =>
    presence.tenant === ISV
      ? { ...presence, appRoleAssignmentRequired: true, delegated: ['openid', 'User.Read'] }
      : presence,
  )
  const [home] = estate.tenants
  const nora = { userPrincipalName: 'nora@northwind.example', displayName: 'Nora', password: 'Passw0rd!' }
  await using strict = await startEmulator({
    estate: {
      ...estate,
      servicePrincipals: presences ?? [],
      tenants: [{ ...(home ?? assert.fail()), users: [...(home?.users ?? []), nora] }, ...estate.tenants.slice(1)],
    },
  })
  const url = authorize('openid User.Read').replace(emulator.browserOrigin, strict.browserOrigin)
  assert.ok(codeOf(await signIn(openBrowser(strict), url, at('olivia', 'northwind.example'))))
  const refused = await signIn(openBrowser(strict), url, at('nora', 'northwind.example'))
  assert.match(refused.text, /AADSTS50105/)
})

test('the roles that a user holds on the app stand in the ID token, as do directory roles', async () => {
  const back = await signInAndAccept(
    openBrowser(emulator),
    authorize('openid profile'),
    at('olivia', 'northwind.example'),
  )
  const { body } = await askToken(emulator, ISV, {
    grant_type: 'authorization_code',
    client_id: APP,
    client_secret: SECRET,
    redirect_uri: REDIRECT,
    code: codeOf(back) ?? '',
  })
  const claims = decodeJwt(body.id_token)
  assert.deepEqual(claims.roles, ['Operator'])
  assert.ok((claims.wids as string[]).includes('62e90394-69f5-4237-9190-012177145e10'))
})
