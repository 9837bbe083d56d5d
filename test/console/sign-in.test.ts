import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { listAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { openSite, type Site, siteUnder } from '#test/console/support/open-site.ts'
import { NEWCOMER, openPerson } from '#test/console/support/person.ts'
import { bendTokenEndpoint } from '#test/support/bend-token-endpoint.ts'
import { HOUR, MINUTE } from '#test/support/hand-clock.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { CONTOSO } from '#test/support/installation.ts'
import { onwardFrom } from '#test/support/onward.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

suite('the way into the console', { concurrency: false }, () => {
  const scope = suiteScope()
  const clock = hurriedClock()
  let site: Site
  before(async () => {
    site = await openSite(scope, { clock })
  })
  const tokenCalls = () => site.emulator.requests.list({ path: '/oauth2/v2.0/token$' }).length

  test('an operator comes in, is named, and the audit knows', async () => {
    const olivia = openPerson(site)
    const page = await olivia.signIn()
    assert.equal(page.status, 200)
    assert.equal(page.heading, 'Overview')
    assert.match(page.text, /Olivia Operator/)
    const [latest] = await asFleet(site.tools.store, (sql) => listAudit(sql, { limit: 1 }))
    assert.equal(latest?.action, 'console.signed-in')
    assert.match(latest?.actor ?? '', /^operator:[0-9a-f-]{36}$/)
  })

  test('whoever lacks the role is told who can give it, and sees nothing', async () => {
    const noah = openPerson(site)
    const page = await noah.signIn(NEWCOMER)
    assert.equal(page.status, 403)
    assert.match(page.text, /Tenantry\.Operator/)
    assert.match(page.text, /Application Administrator/)
    assert.equal(page.path, '/sign-in/refused', 'the code is out of the address')
    assert.equal((await noah.get('/')).path, '/sign-in')
    assert.equal((await noah.api('GET', '/tenants')).status, 401)
    const [latest] = await asFleet(site.tools.store, (sql) => listAudit(sql, { limit: 1 }))
    assert.equal(latest?.action, 'console.refused')
  })

  test('one comes back to the page that one wanted', async () => {
    const olivia = openPerson(site)
    const asked = await olivia.get('/tenants?q=wood&state=active', { stay: true })
    assert.equal(asked.status, 303)
    assert.equal(asked.headers.location, `/sign-in?to=${encodeURIComponent('/tenants?q=wood&state=active')}`)
    const page = await olivia.signIn(undefined, '/tenants?q=wood&state=active')
    assert.equal(page.heading, 'Tenants')
    assert.match(page.text, /value="wood"/)
  })

  test('S17 no other address is led to than a page of the console', async () => {
    const foreign = [
      '//evil.example',
      'https://evil.example/',
      'https:evil.example',
      '/\\evil.example',
      '/%2f%2fevil.example',
      '/tenants/../../evil',
      '/tenants\n//evil.example',
      '/sign-out',
      'javascript:alert(1)',
    ]
    for (const to of foreign) {
      const olivia = openPerson(site)
      const back = await olivia.get(await olivia.comeBack('olivia@northwind.onmicrosoft.com', to), { stay: true })
      assert.equal(back.status, 303)
      assert.equal(back.headers.location, '/', to)
      const page = await olivia.get(`/sign-in?to=${encodeURIComponent(to)}`, { stay: true })
      assert.equal(page.headers.location, '/', to)
    }
  })

  test('S01 a callback without a state, or with a made-up one, reaches nobody', async () => {
    const before = tokenCalls()
    const stranger = openPerson(site)
    for (const path of ['/sign-in/callback', '/sign-in/callback?code=x', '/sign-in/callback?code=x&state=made-up'])
      assert.equal((await stranger.get(path)).status, 400, path)
    assert.equal(tokenCalls(), before, 'no code was redeemed')
    assert.equal(stranger.cookies.size, 0)
  })

  test('S02 what began in one browser does not end in another', async () => {
    const before = tokenCalls()
    const way = await openPerson(site).comeBack('olivia@northwind.onmicrosoft.com')
    const other = openPerson(site)
    await other.post('/sign-in', {}, { stay: true })
    assert.equal((await other.get(way)).status, 400)
    assert.equal((await other.get('/')).path, '/sign-in')
    assert.equal(tokenCalls(), before)
  })

  test('S03 a callback counts once, however often it is opened', async () => {
    const olivia = openPerson(site)
    const way = await olivia.comeBack('olivia@northwind.onmicrosoft.com')
    const ticket = new Map(olivia.cookies)
    const many = await Promise.all(
      Array.from({ length: 20 }, () => {
        const twin = openPerson(site)
        for (const [name, value] of ticket) twin.cookies.set(name, value)
        return twin.get(way, { stay: true })
      }),
    )
    assert.equal(many.filter(({ headers }) => headers.location === '/').length, 1)
    for (const { headers, cookies } of many.filter((answer) => answer.headers.location !== '/')) {
      assert.equal(headers.location, undefined)
      assert.ok(!cookies.some((line) => /^tenantry-operator=[^;]/.test(line)))
    }
  })

  test('S03 a look at the link by a machine does not use it up', async () => {
    const olivia = openPerson(site)
    const way = await olivia.comeBack('olivia@northwind.onmicrosoft.com')
    assert.equal((await olivia.get(way, { method: 'HEAD', stay: true })).status, 405)
    assert.equal((await olivia.get(way)).heading, 'Overview')
  })

  test('S04 an ID token with another nonce, or none, lets nobody in', async () => {
    for (const word of ['idtoken.nonce=other', 'idtoken.nonce=absent'] as const) {
      site.emulator.mischief.say(word)
      const olivia = openPerson(site)
      const page = await olivia.signIn()
      site.emulator.mischief.clear()
      assert.equal(page.status, 403, word)
      assert.equal((await olivia.get('/')).path, '/sign-in')
    }
  })

  test('T14 an operator who is given a token of another tenant is not let in, and that is an incident', async () => {
    site.emulator.mischief.say('accesstoken.tid=other')
    const olivia = openPerson(site)
    const page = await olivia.signIn()
    site.emulator.mischief.clear()
    assert.ok(page.status >= 400, String(page.status))
    assert.equal((await olivia.get('/')).path, '/sign-in')
    const [incident] = await asFleet(site.tools.store, (sql) => listIncidents(sql, { open: true }))
    assert.deepEqual([incident?.code, incident?.tenantId], ['TOKEN_OF_OTHER_TENANT', site.tools.config.homeTenantId])
    await clock.sleep(MINUTE)
  })

  test('T09 somebody of another tenant is not let in, whatever role of ours that tenant has given him', async () => {
    const mallory = openPerson(site)
    const asked = onwardFrom(await mallory.post('/sign-in', {}, { stay: true })).searchParams
    await clock.sleep(MINUTE)
    await bendTokenEndpoint(site.emulator, {
      tenantId: CONTOSO,
      nonce: asked.get('nonce') ?? '',
      roles: ['Tenantry.Operator'],
    })
    const page = await mallory.get(`/sign-in/callback?code=any&state=${asked.get('state')}`)
    site.emulator.mischief.clear()
    assert.deepEqual([page.path, page.status], ['/sign-in/refused', 403])
    assert.equal((await mallory.get('/')).path, '/sign-in')
    // So that the keys are asked for again.
    await clock.sleep(MINUTE)
  })

  test('someone who turns back is told so', async () => {
    const olivia = openPerson(site)
    const begun = await olivia.post('/sign-in', {}, { stay: true })
    const state = onwardFrom(begun).searchParams.get('state') ?? ''
    const page = await olivia.get(
      `/sign-in/callback?error=access_denied&error_description=${encodeURIComponent('AADSTS65004: <script>alert(1)</script>')}&state=${state}`,
    )
    assert.ok(page.status >= 400 && page.status < 500)
    assert.ok(!page.text.includes('<script>alert'))
    assert.equal(page.heading, 'You turned back')
    assert.match(page.text, /Sign in again/)
  })

  test('T03 an error is a refusal, whatever stands beside it', async () => {
    const olivia = openPerson(site)
    const way = await olivia.comeBack('olivia@northwind.onmicrosoft.com')
    const before = tokenCalls()
    const page = await olivia.get(`${way}&error=access_denied&error_description=AADSTS65004&admin_consent=True`)
    assert.equal(page.heading, 'You turned back')
    assert.equal((await olivia.get('/')).path, '/sign-in')
    assert.equal(tokenCalls(), before)
  })

  test('S14 an answer that names another issuer lets nobody in', async () => {
    site.emulator.mischief.say('authorize.iss=other')
    const olivia = openPerson(site)
    const page = await olivia.signIn()
    site.emulator.mischief.clear()
    assert.equal(page.status, 403)
    assert.equal((await olivia.get('/')).path, '/sign-in')
  })

  test('S18 a session is made anew, cannot be read by scripts, and stands under its own seal', async () => {
    const olivia = openPerson(site)
    olivia.cookies.set('tenantry-operator', 'chosen-by-an-attacker')
    const done = await olivia.get(await olivia.comeBack('olivia@northwind.onmicrosoft.com'), { stay: true })
    const line = done.cookies.find((one) => one.startsWith('tenantry-operator=')) ?? ''
    assert.match(line, /; HttpOnly/)
    assert.match(line, /; SameSite=Lax/)
    assert.match(line, /; Path=\//)
    assert.ok(!line.includes('chosen-by-an-attacker'))

    const thief = openPerson(site)
    await thief.post('/sign-in', {}, { stay: true })
    const trip = thief.cookies.get('tenantry-operator-sign-in')
    assert.ok(trip)
    thief.cookies.set('tenantry-operator', trip)
    assert.equal((await thief.get('/')).path, '/sign-in', 'a seal of another purpose opens nothing')
  })

  test('under https the cookies are bound to the host', async () => {
    const app = siteUnder(site.tools, 'https://console.example')
    const answer = await app.request('https://console.example/sign-in', {
      method: 'POST',
      headers: {
        host: 'console.example',
        origin: 'https://console.example',
        'content-type': 'application/x-www-form-urlencoded',
      },
    })
    assert.equal(answer.status, 200)
    assert.match(answer.headers.getSetCookie().join('\n'), /^__Host-tenantry-operator-sign-in=.*; Secure/)
    assert.equal(answer.headers.get('strict-transport-security'), 'max-age=63072000', 'for its own name, no other')
  })

  test('A06 who tries to sign in without end has to wait, and is let in again', async () => {
    const eager = openPerson(site)
    const answers = await Promise.all(Array.from({ length: 100 }, () => eager.post('/sign-in', {}, { stay: true })))
    const refused = answers.find(({ status }) => status === 429)
    assert.ok(refused)
    assert.match(refused.headers['retry-after'] ?? '', /^[1-9]\d*$/)
    await clock.sleep(Number(refused.headers['retry-after']) * 1_000)
    assert.equal((await eager.post('/sign-in', {}, { stay: true })).status, 200)
    await clock.sleep(MINUTE)
  })

  test('a session ends after an hour at rest', async () => {
    const resting = openPerson(site)
    assert.equal((await resting.signIn()).status, 200)
    await clock.sleep(59 * MINUTE)
    assert.equal((await resting.get('/audit')).heading, 'Audit')
    await clock.sleep(59 * MINUTE)
    assert.equal((await resting.get('/audit')).heading, 'Audit', 'what one does keeps it alive')
    await clock.sleep(61 * MINUTE)
    assert.equal((await resting.get('/audit')).path, '/sign-in')
  })

  test('a page that looks by itself how things stand does not keep the session of somebody who has left the desk', async (t) => {
    const desk = await openSite(t, { clock: hurriedClock() })
    const [left, here] = [openPerson(desk), openPerson(desk)]
    for (const person of [left, here]) await person.signIn()
    await desk.tools.clock.sleep(59 * MINUTE)
    const looked = await left.get('/', { headers: { 'sec-fetch-mode': 'cors' } })
    const went = await here.get('/', { headers: { 'sec-fetch-mode': 'navigate' } })
    assert.deepEqual([looked.heading, went.heading], ['Overview', 'Overview'])
    await desk.tools.clock.sleep(2 * MINUTE)
    assert.equal((await left.get('/')).path, '/sign-in')
    assert.equal((await here.get('/')).heading, 'Overview')
  })

  test('eight hours of work end a session', { timeout: 120_000 }, async (t) => {
    const late = await openSite(t, { clock: hurriedClock() })
    const olivia = openPerson(late)
    await olivia.signIn()
    for (let hour = 0; hour < 8; hour++) {
      await late.tools.clock.sleep(HOUR - MINUTE)
      assert.equal((await olivia.get('/audit')).heading, 'Audit')
    }
    await late.tools.clock.sleep(9 * MINUTE)
    assert.equal((await olivia.get('/audit')).path, '/sign-in')
  })

  test('signing out ends it', async (t) => {
    const fresh = await openSite(t)
    const olivia = openPerson(fresh)
    await olivia.signIn()
    const page = await olivia.post('/sign-out')
    assert.equal(page.heading, 'You are signed out of the console')
    assert.equal((await olivia.get(`/tenants/${CONTOSO}`)).path, '/sign-in')
  })
})
