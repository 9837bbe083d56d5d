import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { SIGN_UP_SCOPES } from '#model/app.ts'
import { CONTOSO } from '#test/signup/support/customers.ts'
import { openSite, type Site, siteUnder } from '#test/signup/support/open-site.ts'
import { openVisitor } from '#test/signup/support/visitor.ts'
import { handClock } from '#test/support/hand-clock.ts'
import { onwardFrom } from '#test/support/onward.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

suite('the entrance', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  before(async () => {
    site = await openSite(scope)
  })

  test('says who asks, for what and why, before anyone signs in', async () => {
    const { status, text } = await openVisitor(site).get('/')
    assert.equal(status, 200)
    for (const { value } of site.config.app.permissions) assert.ok(shownNames(text).includes(value), value)
    for (const scopeName of SIGN_UP_SCOPES) assert.ok(shownNames(text).includes(scopeName), scopeName)
    for (const words of [site.config.app.name, site.config.app.publisher, 'What is never asked of you', 'How to leave'])
      assert.ok(text.includes(words), words)
    assert.deepEqual(site.emulator.requests.list(), [], 'nobody was asked anything yet')
  })

  test('an invitation names its tenant and leads to it; a damaged one says so', async () => {
    const visitor = openVisitor(site)
    assert.match((await visitor.get(`/?tenant=${CONTOSO}`)).text, new RegExp(`name="tenant" value="${CONTOSO}"`))
    assert.equal((await visitor.begin({ invitation: CONTOSO })).pathname.split('/')[1], CONTOSO)
    for (const tenant of ['nope', `${CONTOSO}x`, '<script>', 'common']) {
      const { status, text } = await visitor.get(`/?tenant=${encodeURIComponent(tenant)}`)
      assert.equal(status, 400)
      assert.ok(!text.includes('<script>'))
      assert.equal((await visitor.post('/sign-up', { tenant })).status, 400)
    }
  })

  test('T13 exactly the declared scopes are asked for, whatever the address says', async () => {
    const begun = await openVisitor(site).post(
      '/sign-up?scope=Directory.ReadWrite.All',
      { scope: 'Directory.ReadWrite.All', prompt: 'none', redirect_uri: 'https://evil.example' },
      { stay: true },
    )
    const asked = onwardFrom(begun).searchParams
    assert.deepEqual(asked.get('scope')?.split(' ').sort(), [...SIGN_UP_SCOPES].sort())
    assert.equal(asked.get('redirect_uri'), `${site.url}/sign-up/callback`)
    assert.equal(asked.get('prompt'), 'select_account')
  })

  test('S05 every sign-in is bound by PKCE, and the verifier stays out of sight', async () => {
    const asked = await openVisitor(site).begin()
    assert.equal(asked.searchParams.get('code_challenge_method'), 'S256')
    assert.match(asked.searchParams.get('code_challenge') ?? '', /^[\w-]{43}$/)
    assert.ok(!asked.href.includes('verifier'))
  })

  test('S17 nothing that a visitor sends decides where he is sent', async () => {
    for (const target of [
      '//evil.example',
      'https:evil.example',
      '/\\evil.example',
      '%2f%2fevil.example',
      'java\tscript:1',
    ]) {
      const visitor = openVisitor(site)
      const query = `returnTo=${encodeURIComponent(target)}&redirect=${encodeURIComponent(target)}`
      const begun = await visitor.post(`/sign-up?${query}`, { returnTo: target }, { stay: true })
      assert.equal(onwardFrom(begun).origin, site.emulator.browserOrigin)
      const back = await visitor.post(`/sign-up/sign-out?${query}`, { returnTo: target }, { stay: true })
      assert.equal(back.headers.location, '/sign-up/signed-out')
    }
  })

  test('S18 cookies are sealed, bound to the host, and out of reach of scripts', async () => {
    const { tools } = site
    const begun = (origin: string) =>
      siteUnder(tools, origin).request(`${origin}/sign-up`, {
        method: 'POST',
        headers: { origin, host: new URL(origin).host },
      })
    const [secure = ''] = (await begun('https://signup.example')).headers.getSetCookie()
    assert.match(
      secure,
      /^__Host-tenantry-sign-up-ticket=1\.eyJ[^;]+; Max-Age=4500; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const answer = await begun('http://localhost:4000')
    const [plain = ''] = answer.headers.getSetCookie()
    assert.match(plain, /^tenantry-sign-up-ticket=[^;]+; Max-Age=4500; Path=\/; HttpOnly; SameSite=Lax$/)
    const state = onwardFrom({ status: answer.status, text: await answer.text() }).searchParams.get('state')
    assert.ok(state && !plain.includes(state))
  })

  test('S20 the site answers under its own name only, and forwarded names change nothing', async () => {
    const visitor = openVisitor(site)
    for (const host of ['evil.example', 'localhost', 'localhost:1', 'evil.example:80'])
      assert.equal((await visitor.get('/', { headers: { host } })).status, 421)
    const begun = await visitor.post(
      '/sign-up',
      {},
      {
        stay: true,
        headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' },
      },
    )
    assert.equal(onwardFrom(begun).searchParams.get('redirect_uri'), `${site.url}/sign-up/callback`)
    assert.equal((await visitor.get('/healthz', { headers: { host: '10.0.0.7:3000' } })).status, 200)
  })

  test('A07 every page forbids frames, inline script, caching and referrers', async () => {
    const visitor = openVisitor(site)
    for (const path of ['/', '/leave', '/nowhere', '/sign-up/welcome', '/sign-up/callback?state=x', '/?tenant=x']) {
      const { headers, text } = await visitor.get(path)
      const policy = headers['content-security-policy'] ?? ''
      assert.match(policy, /default-src 'none'/)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.match(policy, /form-action 'self';/)
      assert.ok(!policy.includes('unsafe'), policy)
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.doesNotMatch(text, /<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/)
    }
    const https = await siteUnder(site.tools, 'https://signup.example').request('https://signup.example/')
    assert.equal(https.headers.get('strict-transport-security'), 'max-age=63072000', 'for its own name, no other')
  })

  test('styles and scripts are kept for good, because their addresses change with them', async () => {
    const visitor = openVisitor(site)
    const paths = [...(await visitor.get('/')).text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(
      ([, path = '']) => path,
    )
    assert.deepEqual(paths.map((path) => path.slice(path.lastIndexOf('.'))).sort(), ['.css', '.js'])
    for (const path of paths) {
      const { status, headers } = await visitor.get(path)
      assert.equal(status, 200)
      assert.match(headers['cache-control'] ?? '', /immutable/)
    }
  })

  test('T11 nothing is changed by looking, nor by a form on another site', async () => {
    const visitor = openVisitor(site)
    const changing = ['/sign-up', '/sign-up/grant', '/sign-up/check', '/sign-up/sign-out']
    for (const path of changing) {
      const looked = await visitor.get(path)
      assert.equal(looked.status, 405)
      assert.equal(looked.headers.allow, 'POST')
      for (const origin of ['https://evil.example', 'null', site.emulator.browserOrigin])
        assert.equal(
          (await visitor.post(path, {}, { headers: { origin, 'sec-fetch-site': 'cross-site' } })).status,
          403,
        )
      assert.equal((await visitor.get(path, { method: 'POST' })).status, 403, 'not even without any origin')
    }
  })

  test('what cannot be done is said in words', async () => {
    const visitor = openVisitor(site)
    const cases: [number, Promise<{ status: number; heading: string }>][] = [
      [404, visitor.get('/wp-admin')],
      [404, visitor.get('/assets/../../package.json')],
      [405, visitor.post('/leave')],
      [405, visitor.get('/sign-up/callback', { method: 'DELETE', headers: { origin: site.url } })],
      [413, visitor.post('/sign-up', { tenant: 'x'.repeat(70_000) })],
    ]
    for (const [status, asked] of cases) {
      const page = await asked
      assert.equal(page.status, status)
      assert.ok(page.heading.length > 10, page.heading)
    }
  })

  test('says whether it lives and whether its database answers', async () => {
    const visitor = openVisitor(site)
    assert.equal((await visitor.get('/healthz')).status, 200)
    assert.equal((await visitor.get('/readyz')).status, 200)
  })

  test('A06 who begins too often is asked to wait, and nobody else is', async () => {
    const visitor = openVisitor(site)
    const from = (address: string) =>
      visitor.post('/sign-up', {}, { stay: true, headers: { 'x-forwarded-for': address } })
    const statuses = new Set<number>()
    for (let count = 0; count < 70; count++) statuses.add((await from('198.51.100.7')).status)
    assert.deepEqual([...statuses], [200, 429])
    const refused = await from('203.0.113.1, 198.51.100.7')
    assert.equal(refused.status, 429, 'what the client itself writes before the proxy’s entry does not count')
    assert.match(refused.headers['retry-after'] ?? '', /^[1-9]\d*$/)
    assert.equal((await from('198.51.100.8')).status, 200)
    assert.equal((await visitor.get('/')).status, 200)
  })

  test('A06 a subscriber’s networks of IPv6 count as his, however their addresses are written, and no neighbour waits', async (t) => {
    const visitor = openVisitor(await openSite(t, { clock: handClock() }))
    const from = async (address: string) =>
      (await visitor.post('/sign-up', {}, { stay: true, headers: { 'x-forwarded-for': address } })).status
    const admitted = async (count: number, address: (index: number) => string) => {
      let passed = 0
      for (let index = 0; index < count; index++) if ((await from(address(index))) === 200) passed += 1
      return passed
    }
    const hex = (index: number) => (index + 1).toString(16)
    const ofOne64 = (index: number) =>
      index % 2 ? `2001:db8::${hex(index)}:2:3:4` : `2001:0DB8:0:0:${hex(index)}::${hex(index)}`
    assert.equal(await admitted(70, ofOne64), 60)
    assert.equal(await from('2001:db8:0:1::1'), 200, 'another network of the same site')

    assert.equal(await admitted(260, (index) => `2001:db8:7:${hex(index)}::1`), 240)
    assert.equal(await from('2001:db8:7:ffff::1'), 429)
    assert.equal(await from('2001:db8:8::1'), 200, 'the neighbour')

    assert.equal(await admitted(70, (index) => (index % 2 ? '::ffff:192.0.2.9' : '192.0.2.9')), 60)
    assert.equal(await from('::ffff:192.0.2.10'), 200)
  })

  test('A06 what asks Microsoft or is written down cannot be asked for without end from one address', async (t) => {
    const visitor = openVisitor(await openSite(t, { clock: handClock() }))
    for (const [index, path] of ['/sign-up/grant', '/sign-up/check'].entries()) {
      const headers = { 'x-forwarded-for': `192.0.2.${70 + index}` }
      const statuses: number[] = []
      for (let asked = 0; asked < 61; asked++)
        statuses.push((await visitor.post(path, {}, { stay: true, headers })).status)
      assert.equal(statuses.indexOf(429), 60, path)
      const told = await visitor.post(path, {}, { headers })
      assert.equal(told.heading, 'Please wait a moment')
      assert.match(told.text, /Nothing was done, and nothing is lost: wait a few seconds, then go back and press/)
      assert.match((await visitor.get('/sign-up/callback', { headers })).text, /then load this page again/)
    }
  })

  test('a page that is not there leads back to a sign-up that is open, and nowhere else', async () => {
    const grace = openVisitor(site)
    const pages = [
      ['/nowhere', 404],
      ['/sign-up/grant', 405],
    ] as const
    for (const [path] of pages) assert.doesNotMatch((await grace.get(path)).text, /Go on with your sign-up/, path)
    await grace.arrive('grace@fabrikam.onmicrosoft.com')
    for (const [path, status] of pages) {
      const page = await grace.get(path)
      assert.equal(page.status, status)
      assert.match(page.text, /href="\/sign-up\/welcome">Go on with your sign-up/, path)
    }
    assert.match((await grace.get('/sign-up/grant')).text, /Nothing was done/)
  })

  test('whoever signs out is told what stays at Microsoft, and how to take it back', async () => {
    const grace = openVisitor(site)
    await grace.arrive('grace@fabrikam.onmicrosoft.com')
    const page = await grace.post('/sign-up/sign-out')
    assert.deepEqual([page.path, page.status, page.heading], ['/sign-up/signed-out', 200, 'You are signed out'])
    assert.match(page.text, /This browser has forgotten your sign-in\./)
    assert.match(page.text, /What you accepted at Microsoft, and what you granted here, stays as it is\./)
    assert.match(page.text, /<a href="\/leave">how to leave, step by step<\/a>/)
    assert.equal((await grace.get('/sign-up/welcome')).status, 400, 'and so it has')
  })

  test('A06 behind several proxies it is the visitor who is counted, and he cannot name another', async (t) => {
    const settings = { TENANTRY_TRUSTED_PROXIES: 'nearby 198.51.100.0/24 2001:db8:ffff::/48' }
    const site = await openSite(t, { clock: handClock(), settings })
    const visitor = openVisitor(site)
    const post = (chain: string) => visitor.post('/sign-up', {}, { stay: true, headers: { 'x-forwarded-for': chain } })
    const admitted = async (chain: (index: number) => string) => {
      let passed = 0
      for (let index = 0; index < 65; index++) if ((await post(chain(index))).status === 200) passed += 1
      return passed
    }
    const ways: Record<string, (visitor: string) => string> = {
      'one nearby': (visitor) => visitor,
      'two nearby': (visitor) => `${visitor}, 10.1.2.3`,
      'with the address of a provider’s translator': (visitor) => `${visitor}, 100.64.9.9`,
      'of the settings, before a nearby one': (visitor) => `${visitor}, 198.51.100.7, 10.1.2.3`,
      'of IPv6': (visitor) => `${visitor}, 2001:db8:ffff::7`,
      'which adds the port': (visitor) => `${visitor}:40000, 10.1.2.3:81`,
    }
    for (const [number, [name, chain]] of Object.entries(ways).entries()) {
      assert.equal(await admitted(() => chain(`192.0.2.${number}`)), 60, `${name}: the one who asks`)
      assert.equal((await post(chain(`192.0.2.${100 + number}`))).status, 200, `${name}: and nobody else`)
    }
    assert.equal(await admitted((index) => `192.0.2.${index}:${index}, 192.0.2.200:${index}, 10.1.2.3`), 60)
    assert.equal(await admitted((index) => `192.0.2.${index}, unknown, 198.51.100.7`), 60, 'no farther than is told')
  })

  test('A06 where only some proxies are trusted, nobody else says who asks', async (t) => {
    const settings = { TENANTRY_TRUSTED_PROXIES: '198.51.100.0/24' }
    const visitor = openVisitor(await openSite(t, { clock: handClock(), settings }))
    let passed = 0
    for (let index = 0; index < 65; index++) {
      const headers = { 'x-forwarded-for': `192.0.2.${index}` }
      if ((await visitor.post('/sign-up', {}, { stay: true, headers })).status === 200) passed += 1
    }
    assert.equal(passed, 60)
  })
})

/** Permission names are broken into pieces for narrow screens. */
const shownNames = (markup: string): string => markup.replaceAll('<wbr>', '')
