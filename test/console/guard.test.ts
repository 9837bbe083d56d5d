import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { asFleet } from '#store/database/open.ts'
import { findTenant } from '#store/tenants.ts'
import { openSite, type Site } from '#test/console/support/open-site.ts'
import { openPerson, type Person } from '#test/console/support/person.ts'
import { CONTOSO, connect } from '#test/support/installation.ts'
import { onwardFrom } from '#test/support/onward.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const PAGES = [
  '/',
  '/tenants',
  '/audit',
  `/tenants/${CONTOSO}`,
  `/tenants/${CONTOSO}/offboard`,
  `/tenants/${CONTOSO}/script`,
  `/tenants/${CONTOSO}/events`,
]
const ORDERS = ['verify', 'sync', 'pause', 'resume', 'offboard'].map((order) => `/tenants/${CONTOSO}/${order}`)

suite('the console’s gate', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  let olivia: Person
  before(async () => {
    site = await openSite(scope)
    olivia = openPerson(site)
    await olivia.signIn()
    await connect(site, CONTOSO)
  })
  const state = async () => (await asFleet(site.tools.store, (sql) => findTenant(sql, CONTOSO)))?.state

  test('T09 nobody sees or does anything without a session', async () => {
    const stranger = openPerson(site)
    for (const path of PAGES) {
      const answer = await stranger.get(path, { stay: true })
      assert.equal(answer.status, 303, path)
      assert.match(answer.headers.location ?? '', /^\/sign-in/)
      assert.ok(!answer.text.includes('Contoso'))
    }
    const back = `/sign-in?to=${encodeURIComponent(`/tenants/${CONTOSO}`)}&ended=1`
    for (const path of ORDERS)
      assert.equal((await stranger.post(path, { reason: 'x' }, { stay: true })).headers.location, back, path)
    assert.equal(await state(), 'active')
  })

  test('whoever presses a button after the session has ended is told that it did nothing, and led back to its page', async () => {
    const stranger = openPerson(site)
    assert.doesNotMatch((await stranger.get(`/tenants/${CONTOSO}`)).text, /nothing was done/)
    const told = await stranger.post(`/tenants/${CONTOSO}/pause`, { reason: 'Late at night.' })
    assert.match(told.text, /You were signed out, and nothing was done/)
    assert.match(told.text, new RegExp(`name="to" value="/tenants/${CONTOSO}"`))
    for (const [button, to] of [
      ['/jobs/x/retry', '/jobs'],
      ['/incidents/x/close', '/incidents'],
    ] as const)
      assert.equal(
        (await stranger.post(button, {}, { stay: true })).headers.location,
        `/sign-in?to=${encodeURIComponent(to)}&ended=1`,
      )
    assert.equal(await state(), 'active')
  })

  test('a page that is not there shows an operator the way on, and a stranger nothing', async () => {
    for (const [path, status] of [
      ['/nowhere', 404],
      [`/tenants/${CONTOSO}/pause`, 405],
    ] as const) {
      const page = await olivia.get(path)
      assert.equal(page.status, status)
      assert.match(page.text, /<nav aria-label="Console">/, path)
      assert.doesNotMatch((await openPerson(site).get(path)).text, /<nav aria-label="Console">/, path)
    }
    assert.match((await olivia.get(`/tenants/${CONTOSO}/pause`)).text, /Nothing was done/)
    const unknown = await olivia.get('/tenants/nothing')
    assert.equal(unknown.status, 404)
    assert.doesNotMatch(unknown.text, /class="diagnosis danger"|Who can mend it/, 'nothing is broken')
  })

  test('T11 nothing changes by a GET, nor by a form of another site', async () => {
    for (const path of ORDERS.filter((one) => !one.endsWith('offboard')))
      assert.equal((await olivia.get(path)).status, 405, path)
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: site.config.publicUrl, 'sec-fetch-site': 'same-site' },
      { origin: '', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example', 'content-type': 'text/plain' },
    ]
    for (const headers of foreign)
      for (const path of [...ORDERS, '/sign-out', '/sign-in'])
        assert.equal(
          (await olivia.post(path, { reason: 'x' }, { headers, stay: true })).status,
          403,
          `${path} ${JSON.stringify(headers)}`,
        )
    assert.equal(await state(), 'active')
    assert.equal((await olivia.get('/')).heading, 'Overview', 'still signed in')
  })

  test('S20 only the console’s own name is answered', async () => {
    assert.equal((await olivia.get('/', { headers: { host: 'evil.example' } })).status, 421)
    const begun = await olivia.post('/sign-in', {}, { headers: { 'x-forwarded-host': 'evil.example' }, stay: true })
    const asked = onwardFrom(begun).searchParams
    assert.equal(asked.get('redirect_uri'), `${site.url}/sign-in/callback`)
  })

  test('A07 every answer carries the strict headers and is not kept', async () => {
    for (const path of [...PAGES.slice(0, 5), '/nope', '/sign-in']) {
      const { headers } = await olivia.get(path)
      const policy = headers['content-security-policy'] ?? ''
      assert.match(policy, /default-src 'none'/, path)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.match(policy, /form-action 'self';/)
      assert.ok(!/unsafe|\*/.test(policy), policy)
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['cache-control'], 'no-store', path)
    }
  })

  test('no page holds a script or a style of its own', async () => {
    for (const path of PAGES.slice(0, 5)) {
      const { text } = await olivia.get(path)
      assert.ok(!/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+="/i.test(text), path)
    }
  })

  test('too much is refused before it is read', async () => {
    const answer = await olivia.post(`/tenants/${CONTOSO}/pause`, { reason: 'x'.repeat(70_000) }, { stay: true })
    assert.equal(answer.status, 413)
    assert.equal(await state(), 'active')
  })

  test('health tells nothing but that', async () => {
    const stranger = openPerson(site)
    assert.equal((await stranger.get('/healthz')).text, 'alive\n')
    assert.equal((await stranger.get('/readyz', { headers: { host: '10.0.0.7' } })).text, 'ready\n')
  })
})
