import assert from 'node:assert/strict'
import { afterEach, before, suite, test } from 'node:test'
import type { Word } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { asFleet } from '#store/database/open.ts'
import { findSignUp } from '#store/sign-ups.ts'
import { CONTOSO, FABRIKAM } from '#test/signup/support/customers.ts'
import { openSite, type Site, siteUnder } from '#test/signup/support/open-site.ts'
import { openVisitor, type Page, type Visitor } from '#test/signup/support/visitor.ts'
import { audited, newestSignUp } from '#test/signup/support/what-is-stored.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const GRACE = 'grace@contoso.onmicrosoft.com'
const STEP = 'tenantry-sign-up-step'
const EVIL = '<img src=x onerror=alert(1)>'
const MIRRORED = '\u202eevil'

const litware = {
  id: '44444444-4444-4444-8444-444444444444',
  displayName: `Litware ${MIRRORED} ${EVIL}`,
  domains: ['litware.onmicrosoft.com'],
  users: [
    {
      userPrincipalName: 'eve@litware.onmicrosoft.com',
      displayName: `${MIRRORED} ${EVIL}`,
      password: 'Passw0rd!',
      roles: ['Global Administrator'],
    },
  ],
}

/** What nginx takes by default: all headers of an answer, and one header of a request. */
const PROXY_BUFFER = 4_096
const PROXY_LINE = 8_192
/** `__Host-` and `Secure` on two cookies, and HSTS. */
const HTTPS_MORE = 100
/** For tokens that are longer still, and what a proxy adds. */
const TO_SPARE = 400

/** What goes over the wire before the body. */
function sizeOf({ headers, cookies }: Page): number {
  const { 'set-cookie': _, ...others } = headers
  const lines = [
    'HTTP/1.1 303 See Other',
    ...Object.entries(others).map(([name, value]) => `${name}: ${value}`),
    ...cookies.map((value) => `set-cookie: ${value}`),
    '',
  ]
  return Buffer.byteLength(lines.map((text) => `${text}\r\n`).join(''))
}

suite('the sign-in', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  before(async () => {
    site = await openSite(scope, { tenants: [litware] })
  })
  afterEach(() => {
    site.emulator.mischief.clear()
    site.emulator.clock.reset()
  })

  const redemptions = () =>
    site.emulator.requests
      .list({ path: '/oauth2/v2.0/token' })
      .filter(({ grantType }) => grantType === 'authorization_code')
  const refused = (page: Page, visitor: Visitor, status: number, code: string) => {
    assert.equal(page.status, status, page.heading)
    assert.ok(page.text.includes(code), `${code} is not on the page “${page.heading}”`)
    assert.ok(page.text.includes('action="/sign-up"'), 'there is a way to start again')
    assert.equal(visitor.cookies.has(STEP), false, 'nobody is signed in')
  }

  test('S01 a callback with no state or an unknown one is refused before Microsoft is asked', async () => {
    const visitor = openVisitor(site)
    await visitor.begin()
    const before = { asked: redemptions().length, written: await audited(site.tools.store, 'sign-up.rejected') }
    refused(await visitor.get('/sign-up/callback'), visitor, 400, 'SIGN_UP_UNKNOWN')
    refused(await visitor.get('/sign-up/callback?code=abc'), visitor, 400, 'SIGN_UP_UNKNOWN')
    refused(await visitor.get('/sign-up/callback?code=abc&state=guessed'), visitor, 400, 'SIGN_UP_OTHER_BROWSER')
    assert.equal(redemptions().length, before.asked)
    assert.equal(await audited(site.tools.store, 'sign-up.rejected'), before.written + 3)
  })

  test('S02 S19 what was begun in one browser cannot be finished in another', async () => {
    const attacker = openVisitor(site)
    const victim = openVisitor(site)
    const callback = await attacker.comeBack(GRACE)
    const asked = redemptions().length
    refused(await victim.get(callback), victim, 400, 'SIGN_UP_OTHER_BROWSER')
    await victim.begin()
    refused(await victim.get(callback), victim, 400, 'SIGN_UP_OTHER_BROWSER')
    assert.equal(redemptions().length, asked)
    assert.equal((await attacker.get(callback)).path, '/sign-up/welcome', 'a foreign attempt does not spoil it either')
  })

  test('S03 of twenty equal callbacks at once one gets in, and the code is redeemed once', async () => {
    const visitor = openVisitor(site)
    const callback = await visitor.comeBack(GRACE)
    const asked = redemptions().length
    const answers = await Promise.all(Array.from({ length: 20 }, () => visitor.get(callback, { stay: true })))
    assert.deepEqual(
      answers.map(({ status }) => status).sort((left, right) => left - right),
      [303, ...Array.from({ length: 19 }, () => 409)],
    )
    assert.equal(redemptions().length, asked + 1)
    const again = await visitor.get(callback)
    assert.equal(again.status, 409)
    assert.match(again.text, /href="\/sign-up\/welcome"/, 'the open sign-up is one press away')
    assert.equal((await visitor.get('/sign-up/welcome')).status, 200)
  })

  test('S03 a look at the link by a machine does not use it up', async () => {
    const visitor = openVisitor(site)
    const callback = await visitor.comeBack(GRACE)
    assert.equal((await visitor.get(callback, { method: 'HEAD' })).status, 405)
    assert.equal((await visitor.get(callback)).path, '/sign-up/welcome')
  })

  test('the code leaves the address at once', async () => {
    const visitor = openVisitor(site)
    const { status, headers } = await visitor.get(await visitor.comeBack(GRACE), { stay: true })
    assert.equal(status, 303)
    assert.equal(headers.location, '/sign-up/welcome')
  })

  const forged: readonly [name: string, word: Word, status: number, code: string][] = [
    ['S04 another nonce', 'idtoken.nonce=other', 400, 'ID_TOKEN_INVALID'],
    ['S04 no nonce', 'idtoken.nonce=absent', 400, 'ID_TOKEN_INVALID'],
    ['S05 a challenge that was stripped on the way', 'authorize.stripChallenge', 410, 'CODE_EXPIRED'],
    ['S08 no signature', 'idtoken.sig=none', 400, 'ID_TOKEN_INVALID'],
    ['S08 a signature with the public key as secret', 'idtoken.sig=hs256', 400, 'ID_TOKEN_INVALID'],
    ['S08 a wrong signature', 'idtoken.sig=wrong', 400, 'ID_TOKEN_INVALID'],
    ['S08 an unknown key', 'idtoken.sig=unknown-kid', 400, 'ID_TOKEN_INVALID'],
    ['S09 the issuer of another host', 'idtoken.iss=other-host', 400, 'ID_TOKEN_INVALID'],
    ['S09 the issuer of another tenant', 'idtoken.iss=other-tenant', 400, 'ID_TOKEN_INVALID'],
    ['S09 an issuer of v1', 'idtoken.iss=v1', 400, 'ID_TOKEN_INVALID'],
    ['S09 an issuer with a slash too many', 'idtoken.iss=trailing-slash', 400, 'ID_TOKEN_INVALID'],
    ['S10 the tenant id of another tenant', 'idtoken.tid=other', 400, 'ID_TOKEN_INVALID'],
    ['S10 a tenant id that is none', 'idtoken.tid=common', 400, 'ID_TOKEN_INVALID'],
    ['S10 several tenant ids', 'idtoken.tid=array', 400, 'ID_TOKEN_INVALID'],
    ['S10 no tenant id', 'idtoken.tid=absent', 400, 'ID_TOKEN_INVALID'],
    ['S10 no object id', 'idtoken.oid=absent', 400, 'ID_TOKEN_INVALID'],
    ['S10 the tenant of personal accounts', 'idtoken.tid=personal', 403, 'PERSONAL_ACCOUNT'],
    ['S12 a token for another app', 'idtoken.aud=other', 400, 'ID_TOKEN_INVALID'],
    ['S12 a token for several apps', 'idtoken.aud=extra', 400, 'ID_TOKEN_INVALID'],
    ['S12 an expired token', 'idtoken.exp=past', 400, 'ID_TOKEN_INVALID'],
    ['S12 a token that is not valid yet', 'idtoken.nbf=future', 400, 'ID_TOKEN_INVALID'],
    ['S14 an answer of another issuer', 'authorize.iss=other', 400, 'ID_TOKEN_INVALID'],
  ]
  for (const [name, word, status, code] of forged)
    test(`${name} is refused`, async () => {
      const visitor = openVisitor(site)
      site.emulator.mischief.say(word)
      refused(await visitor.get(await visitor.comeBack(GRACE)), visitor, status, code)
    })

  test('S06 somebody else’s code is worth nothing in this browser', async () => {
    const attacker = openVisitor(site)
    const victim = openVisitor(site)
    const stolen = new URL(await attacker.comeBack(GRACE), site.url).searchParams.get('code') ?? ''
    const own = new URL(await victim.comeBack(GRACE), site.url)
    own.searchParams.set('code', stolen)
    refused(await victim.get(own.pathname + own.search), victim, 410, 'CODE_EXPIRED')
  })

  test('S07 a code that lay too long leads back to the start', async () => {
    const visitor = openVisitor(site)
    const callback = await visitor.comeBack(GRACE)
    site.emulator.clock.advance({ minutes: 11 })
    refused(await visitor.get(callback), visitor, 410, 'CODE_EXPIRED')
  })

  test('a declined consent is told as what it is, and changes nothing', async () => {
    const askedOfGraph = () => site.emulator.requests.list({ path: '^/v1\\.0/' })
    const before = askedOfGraph().length
    const visitor = openVisitor(site)
    const page = await visitor.get(await visitor.comeBack('grace@fabrikam.onmicrosoft.com', { accept: false }))
    refused(page, visitor, 403, 'CONSENT_DECLINED')
    assert.equal(page.heading, 'You declined, and nothing was changed')
    assert.doesNotMatch(page.text, /Who can mend it/, 'nothing is broken')
    assert.match(page.text, /The permissions were declined\. Nothing was changed\./)
    assert.match(page.text, /Start again whenever you like\./)
    assert.match(page.text, /<form class="action" method="post" action="\/sign-up">/)
    assert.equal(askedOfGraph().length, before, 'and nothing was')
  })

  test('T02 a forged answer of the admin consent page connects nobody', async () => {
    const visitor = openVisitor(site)
    const state = (await visitor.begin()).searchParams.get('state')
    const asked = redemptions().length
    const page = await visitor.get(`/sign-up/callback?admin_consent=True&tenant=${FABRIKAM}&state=${state}`)
    refused(page, visitor, 400, 'SIGN_UP_UNKNOWN')
    assert.equal(redemptions().length, asked)
  })

  test('T03 an error is a refusal, even with admin_consent=True beside it', async () => {
    const visitor = openVisitor(site)
    const state = (await visitor.begin()).searchParams.get('state')
    const query = `error=access_denied&error_description=AADSTS65004&admin_consent=True&tenant=${FABRIKAM}&state=${state}`
    refused(await visitor.get(`/sign-up/callback?${query}`), visitor, 403, 'CONSENT_DECLINED')
  })

  test('T04 who may not consent gets a link for somebody who may', async () => {
    const visitor = openVisitor(site)
    const state = (await visitor.begin()).searchParams.get('state')
    const query = `error=access_denied&error_description=AADSTS90094: needs an admin&state=${state}`
    const page = await visitor.get(`/sign-up/callback?${encodeURI(query)}`)
    refused(page, visitor, 403, 'ADMIN_APPROVAL_NEEDED')
    assert.ok(page.text.includes(`<code>${site.url}/</code>`))
  })

  test('T01 an invitation cannot be finished by an administrator of another tenant', async () => {
    const visitor = openVisitor(site)
    const asked = await visitor.begin({ invitation: FABRIKAM })
    const elsewhere = asked.href.replace(FABRIKAM, 'organizations')
    const back = await signInAndAccept(
      openBrowser(site.emulator),
      elsewhere,
      { username: GRACE },
      { organization: true },
    )
    const page = await visitor.get(back.url.pathname + back.url.search)
    assert.ok(page.status >= 400 && page.status < 500, String(page.status))
    assert.equal(visitor.cookies.has(STEP), false)
    assert.match(page.text, new RegExp(`name="tenant" value="${FABRIKAM}"`), 'starting again keeps the invitation')
  })

  test('S16 what comes back in the address is never shown', async () => {
    const visitor = openVisitor(site)
    for (const [name, value] of [
      ['error', EVIL],
      ['error_description', `${EVIL} AADSTS999999`],
      ['error_subcode', EVIL],
    ] as const) {
      const state = (await visitor.begin()).searchParams.get('state') ?? ''
      const query = new URLSearchParams({ error: 'access_denied', state, [name]: value })
      const { status, text } = await visitor.get(`/sign-up/callback?${query}`)
      assert.ok(status >= 400)
      assert.ok(!text.includes('onerror'), name)
    }
  })

  test('S16 an error that is called like what every object has is one that nobody knows', async () => {
    for (const error of ['constructor', 'toString', '__proto__']) {
      const visitor = openVisitor(site)
      const state = (await visitor.begin()).searchParams.get('state') ?? ''
      const page = await visitor.get(`/sign-up/callback?${new URLSearchParams({ error, state })}`)
      refused(page, visitor, 500, 'UNKNOWN')
      const id = await newestSignUp(site.tools.store)
      const signUp = await asFleet(site.tools.store, (sql) => findSignUp(sql, id))
      assert.equal(signUp?.diagnosis?.code, 'UNKNOWN', error)
    }
  })

  test('S16 names with markup or with a turn of direction in them are shown as text', async () => {
    const visitor = openVisitor(site)
    const { status, text } = await visitor.arrive('eve@litware.onmicrosoft.com')
    assert.equal(status, 200)
    assert.ok(!text.includes(EVIL))
    assert.ok(text.includes('&lt;img src=x onerror=alert(1)&gt;'))
    const title = /<title>([\s\S]*?)<\/title>/.exec(text)?.[1] ?? ''
    assert.match(title, /^Review for Litware evil /)
    const turned = text.match(/.*\u202e.*/g) ?? []
    assert.ok(turned.length >= 2, 'the person’s and the tenant’s')
    for (const line of turned) assert.match(line, /<bdi>[^<]*\u202e[^<]*<\/bdi>/)
  })

  test('S18 a step that somebody planted beforehand is replaced, and one that was tampered with opens nothing', async () => {
    const attacker = openVisitor(site)
    await attacker.arrive('grace@fabrikam.onmicrosoft.com')
    const victim = openVisitor(site)
    for (const [name, value] of attacker.cookies) if (name.startsWith(STEP)) victim.cookies.set(name, value)
    const page = await victim.arrive(GRACE)
    assert.ok(page.text.includes(CONTOSO) && !page.text.includes(FABRIKAM))
    assert.notEqual(victim.cookies.get(STEP), attacker.cookies.get(STEP))

    const sealed = victim.cookies.get(STEP) ?? ''
    for (const damaged of [`${sealed.slice(0, -3)}AAA`, sealed.replace(/^\d/, '9'), sealed.slice(0, 200), '1.', 'x']) {
      const stranger = openVisitor(site)
      stranger.cookies.set(STEP, damaged)
      assert.equal((await stranger.get('/sign-up/welcome')).status, 400)
    }
  })

  test('S18 what was sealed for one purpose opens nothing else', async () => {
    const visitor = openVisitor(site)
    await visitor.arrive(GRACE)
    const stranger = openVisitor(site)
    const step = [...visitor.cookies].filter(([name]) => name.startsWith(STEP))
    for (const [name, value] of step) stranger.cookies.set(name.replace(STEP, 'tenantry-sign-up-watcher'), value)
    assert.equal((await stranger.get('/sign-up/arrivals')).status, 400)
    for (const [name, value] of step) stranger.cookies.set(name, value)
    assert.equal((await stranger.get('/sign-up/welcome')).status, 200, 'the same cookies under their own name open it')
  })

  test('L02 the only secret that is kept, an administrator’s token in his own browser, is sealed; a new key opens none of the old', async () => {
    const visitor = openVisitor(site)
    await visitor.arrive(GRACE)
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const welcome = async (key?: Uint8Array<ArrayBuffer>) => {
      const app = siteUnder(site.tools, site.url, key)
      return (await app.request(`${site.url}/sign-up/welcome`, { headers: { cookie, host: new URL(site.url).host } }))
        .status
    }
    assert.deepEqual([await welcome(), await welcome(new Uint8Array(32).fill(8))], [200, 400])
    const [, header = ''] = /^\d\.([\w-]+)\./.exec(visitor.cookies.get(STEP) ?? '') ?? []
    assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), {
      alg: 'dir',
      enc: 'A256GCM',
      zip: 'DEF',
    })
  })

  test('T09 a person from any tenant may sign in, and sees nothing but his own', async () => {
    const visitor = openVisitor(site)
    const page = await visitor.arrive('eve@litware.onmicrosoft.com')
    assert.ok(page.text.includes(litware.id))
    for (const path of ['/sign-up/connected', '/sign-up/progress']) {
      const { path: shown } = await visitor.get(path)
      assert.equal(shown, '/sign-up/welcome')
    }
    assert.equal((await visitor.get('/sign-up/arrivals')).status, 400)
  })

  test('behind a proxy with its defaults nothing gets lost, with a token as long as Microsoft’s get', async () => {
    site.emulator.mischief.say('accesstoken.aio=long')
    const grace = openVisitor(site)
    const answer = await grace.get(await grace.comeBack(GRACE, { invitation: CONTOSO }), { stay: true })
    assert.equal(answer.status, 303)
    const size = sizeOf(answer)
    assert.ok(size > 3_000, `${size}: it is the long token that is carried`)
    assert.ok(size < PROXY_BUFFER - HTTPS_MORE - TO_SPARE, `${size} bytes of headers`)
    const line = [...grace.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    assert.ok(line.length < PROXY_LINE / 2, `a line of ${line.length} bytes on the way back`)
    assert.equal((await grace.get('/sign-up/welcome')).heading, 'Connect Contoso?')
  })

  test('signing out forgets everything in this browser, and says what it takes back at Microsoft: nothing', async () => {
    const visitor = openVisitor(site)
    await visitor.arrive(GRACE)
    const page = await visitor.post('/sign-up/sign-out')
    assert.deepEqual([page.status, page.heading], [200, 'You are signed out'])
    assert.match(page.text, /What you accepted at Microsoft, and what you granted here, stays as it is/)
    assert.match(page.text, /<main[\s\S]*href="\/leave"[\s\S]*<\/main>/, 'and how to take it back')
    assert.deepEqual([...visitor.cookies], [])
    assert.equal((await visitor.get('/sign-up/welcome')).status, 400)
  })

  test('when Microsoft is away it is said whose fault it is, and when to come back', async () => {
    const visitor = openVisitor(site)
    const callback = await visitor.comeBack(GRACE)
    site.emulator.mischief.set([{ at: 'token', answer: { status: 503, headers: { 'retry-after': '30' } } }])
    const page = await visitor.get(callback)
    refused(page, visitor, 503, 'UNAVAILABLE')
    assert.match(page.headers['retry-after'] ?? '', /^\d+$/)
    assert.match(page.text, /Who can mend it<\/dt>\s*<dd>Microsoft/)
    assert.match(page.text, /Wait a few minutes, then start again\./)
    assert.doesNotMatch(page.text, /by itself/, 'nobody but the visitor tries again')
  })
})
