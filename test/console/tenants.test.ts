import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { queueDepth } from '#jobs/inspect.ts'
import { listAudit } from '#store/audit.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { countResources } from '#store/resources.ts'
import { finishRun, letRunWait, recordPage, startRun } from '#store/sync-runs.ts'
import { findTenant } from '#store/tenants.ts'
import { openSite, type Site } from '#test/console/support/open-site.ts'
import { openPerson, type Person, plain } from '#test/console/support/person.ts'
import { holdOpen } from '#test/support/hold-open.ts'
import { CONTOSO, connect, FABRIKAM } from '#test/support/installation.ts'
import { aDiagnosis, aResource, aTenant, madeUp } from '#test/support/made-up.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'
import { upsertResources } from '#test/support/upsert-resources.ts'

const rowsOf = (text: string): string[] =>
  [...text.matchAll(/<th scope="row"[^>]*>([\s\S]*?)<\/th>/g)].map(([, cell = '']) => plain(cell).split(' ')[0] ?? '')

suite('tenants in the console', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  let olivia: Person
  before(async () => {
    site = await openSite(scope)
    olivia = openPerson(site)
    await olivia.signIn()
    await connect(site, FABRIKAM)
  })
  const stateOf = async (id = FABRIKAM) => (await asFleet(site.tools.store, (sql) => findTenant(sql, id)))?.state
  const latestAudit = async () => (await asFleet(site.tools.store, (sql) => listAudit(sql, { limit: 1 })))[0]
  const waiting = async () => (await queueDepth(site.tools.jobs)).find(({ name }) => name === 'sync-tenant')?.ready

  test('an empty house says what will fill it', async (t) => {
    const empty = await openSite(t)
    const person = openPerson(empty)
    for (const { text } of [await person.signIn(), await person.get('/tenants')]) {
      assert.match(text, /Nobody has signed up yet/)
      assert.ok(text.includes(`<a href="${empty.config.publicUrl}/"`), 'what to send to the first customer')
    }
    const overview = plain((await person.get('/')).text)
    assert.match(overview, /No run has begun in this time/)
    assert.doesNotMatch(overview, /Most in an hour/)
    assert.match(overview, /Needs somebody now .*No worker runs .*Nothing else needs you/)
  })

  test('the list finds by name, domain and id, filters, sorts and turns pages', async () => {
    const { store } = site.tools
    for (let number = 1; number <= 55; number++)
      await aTenant(store, { displayName: `Aaa${String(number).padStart(2, '0')}` })
    const revoked = await aTenant(store, { displayName: 'Zzz100%_\\', state: 'revoked' })

    const first = await olivia.get('/tenants')
    assert.equal(rowsOf(first.text).length, 50)
    assert.equal(rowsOf(first.text)[0], 'Aaa01')
    assert.match(plain(first.text), /1–50 of 57/)
    const second = await olivia.get('/tenants?page=2')
    assert.equal(rowsOf(second.text).length, 7)
    assert.equal(rowsOf((await olivia.get('/tenants?order=desc')).text)[0], 'Zzz100%_\\')
    assert.deepEqual(rowsOf((await olivia.get('/tenants?state=revoked')).text), ['Zzz100%_\\'])
    assert.deepEqual(rowsOf((await olivia.get('/tenants?q=aaa07')).text), ['Aaa07'])
    assert.deepEqual(rowsOf((await olivia.get(`/tenants?q=${revoked.toUpperCase()}`)).text), ['Zzz100%_\\'])
    assert.deepEqual(rowsOf((await olivia.get(`/tenants?q=${encodeURIComponent('%_\\')}`)).text), ['Zzz100%_\\'])
    assert.match((await olivia.get('/tenants?q=%00')).text, /No tenant fits/)
    assert.match((await olivia.get('/tenants?page=900')).text, /Beyond the last of 57/)
  })

  test('what no page links to is refused in words', async () => {
    for (const path of [
      '/tenants?state=nope',
      '/tenants?page=0',
      '/tenants?page=x',
      '/tenants?sort=secret',
      '/tenants?code=x',
    ])
      assert.equal((await olivia.get(path)).status, 400, path)
    for (const path of [
      '/tenants/nope',
      `/tenants/${madeUp.tenantId()}`,
      `/tenants/${madeUp.tenantId()}/offboard`,
      '/nope',
    ])
      assert.equal((await olivia.get(path)).status, 404, path)
    assert.equal((await olivia.post(`/tenants/${madeUp.tenantId()}/pause`, { reason: 'x' })).status, 404)
    assert.equal((await olivia.get('/sign-out')).status, 405)
  })

  test('one tenant: ids, permissions with their state, what to hand out', async () => {
    const { text, status } = await olivia.get(`/tenants/${FABRIKAM}`)
    assert.equal(status, 200)
    const words = plain(text)
    for (const expected of [
      FABRIKAM,
      'User.Read.All',
      'Present',
      `${site.config.publicUrl}/?tenant=${FABRIKAM}`,
      'Finished the sign-up',
    ])
      assert.ok(words.replaceAll('. ', '.').includes(expected), expected)
    const script = await olivia.get(`/tenants/${FABRIKAM}/script`)
    assert.match(script.headers['content-type'] ?? '', /text\/plain/)
    assert.match(script.text, new RegExp(`az login --tenant ${FABRIKAM}`))
  })

  test('pause and resume, by an operator who says why', async () => {
    const silent = await olivia.post(`/tenants/${FABRIKAM}/pause`, { reason: ' ' })
    assert.match(silent.text, /Say why/)
    assert.equal(await stateOf(), 'active')

    const paused = await olivia.post(`/tenants/${FABRIKAM}/pause`, { reason: 'They <asked> for it' })
    assert.equal(paused.path, `/tenants/${FABRIKAM}`)
    assert.match(paused.text, /is paused/)
    assert.equal(await stateOf(), 'suspended')
    const moved = await latestAudit()
    assert.equal(moved?.detail.reason, 'They <asked> for it')
    assert.match(moved?.actor ?? '', /^operator:[0-9a-f-]{36}$/)
    assert.ok(!paused.text.includes('<asked>'), 'what people type is shown as text')
    assert.match((await olivia.get('/audit')).text, new RegExp(`<a href="/tenants/${FABRIKAM}"><bdi>`))
    assert.equal(await waiting(), 0, 'its jobs are gone')
    assert.ok(!(await olivia.get(`/tenants/${FABRIKAM}`)).text.includes('is paused'), 'told once')

    const refused = await olivia.post(`/tenants/${FABRIKAM}/sync`)
    assert.match(refused.text, /Resume it first/)
    await olivia.post(`/tenants/${FABRIKAM}/resume`)
    assert.equal(await stateOf(), 'active')
    assert.equal(await waiting(), 1)
  })

  test('what a tenant cannot do in its state is told, and changes nothing', async () => {
    const gone = await aTenant(site.tools.store, { displayName: 'Long Gone', state: 'offboarded' })
    for (const order of ['pause', 'resume', 'sync']) {
      const page = await olivia.post(`/tenants/${gone}/${order}`, { reason: 'try' })
      assert.equal(page.status, 200)
      assert.match(page.text, /role="alert"/, order)
    }
    assert.equal(await stateOf(gone), 'offboarded')
  })

  test('T15 verify sees that the service principal is gone, and says whose turn it is', async () => {
    await connect(site, CONTOSO)
    assert.match((await olivia.post(`/tenants/${CONTOSO}/verify`)).text, /Everything that we need is there/)
    await site.emulator.directory.deleteServicePrincipal({ tenant: CONTOSO, app: DEMO.appId })
    const page = await olivia.post(`/tenants/${CONTOSO}/verify`)
    assert.equal(await stateOf(CONTOSO), 'revoked')
    assert.match(page.text, /SERVICE_PRINCIPAL_MISSING/)
    assert.match(plain(page.text), /An administrator of the customer’s tenant/)
    assert.match(plain(page.text), /None of them counts while the app has no access/)
    assert.doesNotMatch(page.text, />Present</, 'what was granted lets nobody in any more')
    assert.match(page.text, /<a href="#hand-outs">What to send to their administrator<[\s\S]+<h2 id="hand-outs">/)
    const overview = await olivia.get('/')
    assert.match(overview.text, /For customers’ administrators to mend/)
    assert.match(overview.text, /Service principal missing/)
  })

  test('one trouble of many tenants stands there once, with the way to all of them', async () => {
    const { store } = site.tools
    const lost = aDiagnosis({
      code: 'CLIENT_SECRET_EXPIRED',
      owner: 'operator',
      message: 'The secret has expired.',
      nextStep: 'Renew it.',
    })
    for (const displayName of ['Many One', 'Many Two', 'Many Three']) {
      const id = await aTenant(store, { displayName })
      const run = madeUp.runId()
      await asTenant(store, id, (sql) => startRun(sql, { id: run }))
      await asTenant(store, id, (sql) => finishRun(sql, run, { state: 'failed', diagnosis: lost }))
    }
    // What is shown may be some seconds old, but not older than what one has done oneself.
    await olivia.post(`/tenants/${FABRIKAM}/sync`)
    const overview = await olivia.get('/')
    assert.match(overview.text, /For us to mend/)
    assert.equal(overview.text.match(/The secret has expired\./g)?.length, 1)
    assert.match(overview.text, /href="\/tenants\?code=CLIENT_SECRET_EXPIRED&amp;owner=operator">3 tenants/)
    const list = await olivia.get('/tenants?code=CLIENT_SECRET_EXPIRED&owner=operator')
    assert.equal(rowsOf(list.text).length, 3)
  })

  test('a tenant that is being read is watched until the run has ended', async () => {
    const { store } = site.tools
    const id = await aTenant(store, { displayName: 'Watched' })
    assert.match((await olivia.get(`/tenants/${id}`)).text, /data-live="[^"]+\/events"/)
    const run = madeUp.runId()
    await asTenant(store, id, (sql) => startRun(sql, { id: run }))
    await asTenant(store, id, (sql) =>
      upsertResources(sql, madeUp.generationId(), [aResource('user', 'Ada'), aResource('group', 'All')]),
    )
    await asTenant(store, id, (sql) => recordPage(sql, run, { kind: 'user', count: 4_321 }))
    await asTenant(store, id, (sql) => finishRun(sql, run, { state: 'succeeded', diagnosis: null }))
    const told = await olivia.get(`/tenants/${id}/events`)
    assert.match(told.headers['content-type'] ?? '', /^text\/event-stream/)
    assert.match(told.text, /^event: show$/m)
    assert.match(told.text, /4,321/)
    assert.match(told.text, /^event: end$/m)
    assert.ok(!(await olivia.get(`/tenants/${id}`)).text.includes('data-live'), 'nothing moves any longer')
  })

  test('G05 a tenant that Graph puts off waits for Graph, not for a worker, whoever has just asked for it', async () => {
    const { store, jobs } = site.tools
    const tenantId = await aTenant(store, { displayName: 'Patient' })
    const id = madeUp.runId()
    await asTenant(store, tenantId, async (sql) => {
      await startRun(sql, { id })
      await letRunWait(sql, id, { refused: null })
    })
    const asked = await olivia.post(`/tenants/${tenantId}/sync`)
    assert.match(plain((await olivia.get(`/tenants/${tenantId}`)).text), /Last run Waiting for a worker/)
    assert.ok(asked.status < 400)

    const [job] = await jobs.boss.findJobs('sync-tenant', { key: tenantId, queued: true })
    await jobs.boss.deleteJob('sync-tenant', job?.id ?? assert.fail())
    // It goes on with the run that was begun before anybody asked, and is put off again.
    await asTenant(store, tenantId, async (sql) => {
      await startRun(sql, { id: madeUp.runId() })
      await letRunWait(sql, id, { refused: aDiagnosis({ code: 'THROTTLED', owner: 'nobody', message: 'Wait.' }) })
      await enqueue(jobs, sql, 'sync-tenant', { tenantId }, { inMilliseconds: 3_600_000 })
    })
    const { text } = await olivia.get(`/tenants/${tenantId}`)
    assert.match(
      plain(text),
      /Last run Waiting just now Next try in (59|60) minutes .*Wait\. .*Nobody: it mends itself/,
    )
    assert.doesNotMatch(text, /Waiting for a worker|data-live/)
  })

  test('A06 four tabs of one operator are kept up to date, a fifth loads itself again', async () => {
    const id = await aTenant(site.tools.store, { displayName: 'Much watched' })
    const cookie = [...olivia.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const watch = () => holdOpen(`${site.url}/tenants/${id}/events`, { cookie })
    const tabs = await Promise.all(Array.from({ length: 5 }, watch))
    const withStatus = (wanted: number) => tabs.filter(({ status }) => status === wanted).length
    assert.deepEqual([withStatus(200), withStatus(429)], [4, 1])
    assert.equal((await olivia.get(`/tenants/${id}`)).status, 200)
    for (const tab of tabs) tab.hangUp()
    const again = await until('a place is free again', async () => {
      const tab = await watch()
      return tab.status === 200 ? tab : null
    })
    again.hangUp()
  })

  test('offboarding asks for the name, then deletes what was read', async () => {
    const { store } = site.tools
    const id = await aTenant(store, { displayName: 'Tailspin “Toys”' })
    await asTenant(store, id, (sql) => upsertResources(sql, madeUp.generationId(), [aResource('user', 'Ada')]))
    const count = async () => (await asTenant(store, id, (sql) => countResources(sql))).user

    assert.match((await olivia.get(`/tenants/${id}/offboard`)).text, /1 user/)
    const wrong = await olivia.post(`/tenants/${id}/offboard`, { name: 'Tailspin', reason: 'Contract ended' })
    assert.equal(wrong.status, 400)
    assert.match(wrong.text, /value="Contract ended"/, 'what was typed is not lost')
    const unsaid = await olivia.post(`/tenants/${id}/offboard`, { name: 'Tailspin “Toys”' })
    assert.equal(unsaid.status, 400)
    assert.equal(await count(), 1)
    assert.equal(await stateOf(id), 'active')

    const done = await olivia.post(`/tenants/${id}/offboard`, { name: 'Tailspin “Toys”', reason: 'Contract ended' })
    assert.match(done.text, /is offboarded/)
    assert.equal(await stateOf(id), 'offboarded')
    assert.equal(await count(), 0)
    assert.ok(!done.text.includes(`/tenants/${id}/offboard`), 'there is nothing left to offboard')
  })

  test('a name is confirmed by what one sees of it: what has no shape, and how many spaces there are, nobody can type', async () => {
    const id = await aTenant(site.tools.store, { displayName: ' Wide\u00a0  World\u202e Im\u200bporters\u202c ' })
    const order = (name: string) => olivia.post(`/tenants/${id}/offboard`, { name, reason: 'Contract ended' })
    assert.equal((await order('Wide World')).status, 400)
    assert.equal(await stateOf(id), 'active')
    assert.match((await order('Wide World Importers')).text, /is offboarded/)
    assert.equal(await stateOf(id), 'offboarded')
  })

  test('S16 names from customers’ directories are shown as text everywhere', async () => {
    const evil = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)>\u202E'
    const id = await aTenant(site.tools.store, { displayName: evil, state: 'degraded' })
    for (const path of [`/tenants/${id}`, `/tenants/${id}/offboard`, '/tenants?q=alert', '/', '/audit']) {
      const { text, status } = await olivia.get(path)
      assert.equal(status, 200, path)
      assert.ok(!/<script>|<img src=x/.test(text), path)
    }
    assert.match((await olivia.get('/tenants?q=%3Cscript%3E')).text, /value="&lt;script&gt;"/)
  })
})
