import assert from 'node:assert/strict'
import { afterEach, suite, type TestContext, test } from 'node:test'
import { runCli } from '#cli/run-cli.ts'
import { tasks } from '#daemon/tasks.ts'
import { forgetTenant } from '#entra/app-token.ts'
import { closeIncidentBy } from '#flows/incidents/close-incident.ts'
import { isHoldingBack } from '#flows/incidents/hold-back.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { watchIncidents } from '#flows/incidents/watch-incidents.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import type { JobContext, JobName } from '#jobs/names.ts'
import type { TenantId } from '#model/ids.ts'
import type { Incident } from '#model/incident.ts'
import { asFleet } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { openHost } from '#test/outbound/support/open-host.ts'
import { silentLog } from '#test/support/backends.ts'
import { openFleet } from '#test/support/fleet.ts'
import { HOUR, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { CUSTOMERS, connect, type Installation, openInstallation } from '#test/support/installation.ts'
import { aJobContext } from '#test/support/job-context.ts'
import { aDiagnosis, madeUp } from '#test/support/made-up.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { refusedWith } from '#test/support/problem.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'
import { openTools, type Tools } from '#tools.ts'

const incidents = ({ store }: Pick<Tools, 'store'>): Promise<Incident[]> =>
  asFleet(store, (sql) => listIncidents(sql, { open: true }))
const read = (tools: Tools, tenantId: TenantId) =>
  tasks(tools)
    ['sync-tenant']({ tenantId }, aJobContext(tenantId))
    .catch(() => {})
const tick = (tools: Tools) => tasks(tools).watch({}, aJobContext('watch'))
const figure = async ({ telemetry }: Tools, line: string) =>
  Number(
    (await telemetry.exposition())
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.split(' ')
      .at(-1) ?? 0,
  )

suite('a violation in one tenant', () => {
  const clock = handClock(new Date())
  const scope = suiteScope()

  test('T14 stops the job, opens an incident, counts it, and tells somebody, once', async (t) => {
    let status = 503
    const told: string[] = []
    const chat = await openHost(t, {
      answer: (request, response) => {
        let body = ''
        request.on('data', (chunk) => {
          body += String(chunk)
        })
        request.on('end', () => {
          told.push(body)
          response.writeHead(status).end()
        })
      },
    })
    await using fleet = await openFleet({ users: 3, groups: 1, clock, databaseUrl: await freshDatabase() })
    const { emulator } = fleet
    const { config } = fleet.tools
    // One way out more, to a host that shows a certificate of its own.
    await using tools = await openTools(
      { ...config, alertUrl: `${chat.origin}/hook?key=canary`, emulatorCa: `${config.emulatorCa}\n${chat.ca}` },
      { log: silentLog, clock },
    )
    const [tenantId] = fleet.tenantIds as [TenantId]
    forgetTenant(tools.entra, tenantId)
    emulator.mischief.say('apptoken.swap')
    emulator.requests.clear()
    await read(tools, tenantId)
    const terminal = { out: () => {}, err: () => {} }
    const { signal } = new AbortController()
    for (const byHand of [
      ['run', 'print-users'],
      ['grants', 'plan'],
    ])
      assert.equal(await runCli([...byHand, '--tenant', tenantId], { terminal, signal, tools: async () => tools }), 1)

    const [incident, ...others] = await incidents(tools)
    assert.deepEqual(
      [others.length, incident?.tenantId, incident?.code, incident?.times, incident?.holds],
      [0, tenantId, 'TOKEN_OF_OTHER_TENANT', 3, false],
    )
    assert.equal(await figure(tools, 'tenantry_incidents_total{code="TOKEN_OF_OTHER_TENANT"}'), 1)
    assert.equal(emulator.requests.list({ path: '/v1.0/' }).length, 0)
    assert.equal((await showTenant(tools, tenantId)).tenant.state, 'active')

    emulator.mischief.clear()
    await tick(tools)
    status = 200
    for (let time = 0; time < 3; time++) await tick(tools)
    assert.equal(told.length, 2, 'the one that failed is sent again, and no more after it')
    const { text, incident: sent, console } = JSON.parse(told[1] ?? '') as Record<string, unknown>
    assert.match(String(text), new RegExp(`TOKEN_OF_OTHER_TENANT in tenant ${tenantId}`))
    assert.equal((sent as Incident).id, incident?.id)
    assert.equal(console, `${config.consoleUrl}/incidents`)
    assert.doesNotMatch(told.join(''), /eyJ/)
  })

  /** Opened when it is first wanted: two databases that start at once keep each other waiting. */
  let opening: Promise<Installation> | null = null
  const database = () => {
    opening ??= openInstallation(scope, { clock })
    return opening
  }
  afterEach(async () => {
    const known = await opening
    if (!known) return
    for (const { id } of await incidents(known.tools))
      await closeIncidentBy(known.tools, { id, actor: 'operator:test' })
  })

  test('A03 a job without a tenant, or for another one than it was queued for, is refused and reported', async () => {
    const { emulator, tools } = await database()
    const [tenantId, other] = CUSTOMERS
    await connect(await database(), tenantId)
    emulator.requests.clear()
    const table = tasks(tools) as Record<JobName, (payload: unknown, context: JobContext) => Promise<void>>
    const bent: [JobName, unknown, string | null][] = [
      ['sync-tenant', {}, tenantId],
      ['sync-tenant', null, tenantId],
      ['sync-tenant', { tenantId: 'common' }, 'common'],
      ['sync-tenant', { tenantId: [tenantId] }, tenantId],
      ['sync-tenant', { tenantId }, other],
      ['sync-tenant', { tenantId }, null],
      ['verify-tenant', { tenantId }, other],
      ['verify-tenant', {}, null],
      ['run-job', { tenantId, job: 'report' }, `${other}/report`],
      ['run-job', { tenantId, job: 'report' }, `${tenantId}/other`],
      ['run-job', { job: 'report' }, `${tenantId}/report`],
    ]
    for (const [name, payload, key] of bent) {
      const { retry } = await refusedWith('JOB_REFUSED', () => table[name](payload, aJobContext(key)))
      assert.equal(retry, 'never')
    }
    assert.equal(emulator.requests.list({}).length, 0)
    assert.deepEqual((await showTenant(tools, tenantId)).runs, [])
    const [incident] = await incidents(tools)
    assert.deepEqual([incident?.code, incident?.tenantId, incident?.times], ['JOB_REFUSED', null, bent.length])
  })

  test('closing an incident names who did it, and what happens again is a new one', async () => {
    const { tools } = await database()
    await refusedWith('JOB_REFUSED', () => tasks(tools)['sync-tenant']({} as never, aJobContext(null)))
    const [first] = await incidents(tools)
    assert.ok(first)
    const closed = await closeIncidentBy(tools, { id: first.id, actor: 'operator:olivia' })
    assert.equal(closed.closedBy, 'operator:olivia')
    assert.deepEqual(await incidents(tools), [])
    await refusedWith('JOB_REFUSED', () => tasks(tools)['sync-tenant']({} as never, aJobContext(null)))
    assert.notEqual((await incidents(tools))[0]?.id, first.id)
    const unknown = madeUp.runId() as string as Incident['id']
    await refusedWith('INCIDENT_UNKNOWN', () => closeIncidentBy(tools, { id: unknown, actor: 'operator:olivia' }))
  })

  test('an alert on whose way somebody died is sent again, and one that fails holds up none but the others of its round', async () => {
    const { tools } = await database()
    await refusedWith('JOB_REFUSED', () => tasks(tools)['sync-tenant']({} as never, aJobContext(null)))
    const [tenantId] = CUSTOMERS
    await raiseAlarm(tools, { tenantId, diagnosis: aDiagnosis({ code: 'ORIGIN_REFUSED' }) })
    const told: string[] = []
    const tellingBy = (send: () => Promise<void>): Tools => ({
      ...tools,
      sendAlert: (body) => {
        told.push((body as { incident: Incident }).incident.code)
        return send()
      },
    })
    void watchIncidents(tellingBy(() => new Promise(() => {})))
    await until('it is on its way', () => told.length === 1)
    await watchIncidents(tellingBy(() => Promise.reject(new Error('no answer'))))
    assert.deepEqual(told.splice(0), ['JOB_REFUSED', 'JOB_REFUSED'])
    for (let time = 0; time < 2; time++) await watchIncidents(tellingBy(async () => {}))
    assert.deepEqual(told, ['JOB_REFUSED', 'ORIGIN_REFUSED'])
  })

  test('a code that no table knows gets the safe default and is counted, by name up to a bound', async () => {
    const { emulator, tools } = await database()
    const [tenantId] = CUSTOMERS
    await connect(await database(), tenantId)
    forgetTenant(tools.entra, tenantId)
    emulator.mischief.once({ at: 'token', aadsts: 7_777_777 })
    await read(tools, tenantId)
    const [run] = (await showTenant(tools, tenantId)).runs
    assert.deepEqual(
      [run?.diagnosis?.sourceCode, run?.diagnosis?.confidence, run?.diagnosis?.owner],
      ['AADSTS7777777', 'unknown', 'operator'],
    )
    assert.equal((await showTenant(tools, tenantId)).tenant.state, 'active')
    assert.equal(await figure(tools, 'tenantry_unknown_codes_total{code="AADSTS7777777"}'), 1)

    const json = { 'content-type': 'application/json' }
    for (let number = 0; number < 110; number++) {
      const body = `{"error":{"code":"Made_Up_${number}","message":"x"}}`
      emulator.mischief.once({ at: 'graph', answer: { status: 418, headers: json, body } })
      await read(tools, tenantId)
    }
    assert.equal(await figure(tools, 'tenantry_unknown_codes_total{code="Made_Up_1"}'), 1)
    assert.equal(await figure(tools, 'tenantry_unknown_codes_total{code="other"}'), 11)
    emulator.mischief.clear()
  })
})

suite('what is not one customer’s doing', () => {
  const open = async (t: TestContext, tenants: number) => {
    const clock = handClock(new Date())
    const databaseUrl = await freshDatabase()
    const fleet = await openFleet({ tenants, users: 3, groups: 1, clock, databaseUrl })
    t.after(() => fleet[Symbol.asyncDispose]())
    return { fleet, clock }
  }

  test('T15 the same from most tenants at once holds the work, and marks nobody; a person is told; it ends by itself', async (t) => {
    const { fleet, clock } = await open(t, 12)
    const { emulator, tools, tenantIds } = fleet
    for (const tenantId of tenantIds) await read(tools, tenantId)
    clock.pass(30 * MINUTE)
    for (const tenantId of tenantIds) forgetTenant(tools.entra, tenantId)
    emulator.mischief.add({ at: 'token', aadsts: 7_000_229 })
    for (const tenantId of tenantIds) await read(tools, tenantId)

    const [incident, ...others] = await incidents(tools)
    assert.deepEqual(
      [others.length, incident?.code, incident?.tenantId, incident?.holds, incident?.diagnosis.owner],
      [0, 'SERVICE_PRINCIPAL_MISSING', null, true, 'operator'],
    )
    for (const tenantId of tenantIds) assert.equal((await showTenant(tools, tenantId)).tenant.state, 'active')

    // What is due is neither planned nor done, and Microsoft is asked for three tenants a minute whether it is over.
    emulator.requests.clear()
    clock.pass(2 * HOUR)
    await tick(tools)
    for (const tenantId of tenantIds) await read(tools, tenantId)
    assert.equal(emulator.requests.list({ path: '/token' }).length, 3)
    const waiting = await jobsIn(tools.jobs, 'sync-tenant')
    assert.equal(waiting.length, 12, 'postponed, not lost')
    for (const job of waiting) await tools.jobs.boss.deleteJob('sync-tenant', job.id)

    emulator.mischief.clear()
    await tick(tools)
    assert.deepEqual(await incidents(tools), [])
    for (const tenantId of tenantIds) {
      const { nextTryAt } = await showTenant(tools, tenantId)
      assert.ok(nextTryAt && nextTryAt <= clock.now(), 'nobody is left alone for what he has not done')
    }
    for (const tenantId of tenantIds) await read(tools, tenantId)
    assert.equal((await showTenant(tools, tenantIds[0] as TenantId)).runs[0]?.state, 'succeeded')
  })

  test('T15 what held the work is over, too, where nobody is left who tells of it', async (t) => {
    const { fleet, clock } = await open(t, 6)
    const { emulator, tools, tenantIds } = fleet
    emulator.mischief.add({ at: 'token', aadsts: 7_000_229 })
    for (const tenantId of tenantIds) await read(tools, tenantId)
    assert.equal((await incidents(tools)).length, 1)
    clock.pass(MINUTE)
    // Another process has not heard of it when it is over.
    emulator.mischief.clear()
    for (const tenantId of tenantIds) await syncTenant(tools, { tenantId, signal: new AbortController().signal })
    emulator.mischief.add({ at: 'token', aadsts: 7_000_229, match: { tenant: tools.config.homeTenantId } })
    await tick(tools)
    assert.equal((await incidents(tools)).length, 1, 'home still meets it')
    emulator.mischief.clear()
    await tick(tools)
    assert.deepEqual(await incidents(tools), [])
  })

  test('T15 what Graph refuses most tenants although Entra ID gives tokens holds nobody’s work', async (t) => {
    const { fleet } = await open(t, 8)
    const { emulator, tools, tenantIds } = fleet
    const headers = { 'content-type': 'application/json' }
    const body = '{"error":{"code":"Authentication_RequestFromNonPremiumTenantOrB2CTenant","message":"x"}}'
    emulator.mischief.add({ at: 'graph', answer: { status: 403, headers, body } })
    for (const tenantId of tenantIds) await read(tools, tenantId)
    assert.equal((await showTenant(tools, tenantIds[7] as TenantId)).runs[0]?.diagnosis?.code, 'RESOURCE_UNAVAILABLE')
    assert.deepEqual(await incidents(tools), [])
  })

  test('T15 a few customers who leave among many are customers who leave', async (t) => {
    const { fleet } = await open(t, 12)
    const { emulator, tools, tenantIds } = fleet
    const leaving = tenantIds.slice(0, 5)
    for (const tenant of leaving) emulator.mischief.add({ at: 'token', aadsts: 7_000_229, match: { tenant } })
    for (const tenantId of tenantIds.toReversed()) await read(tools, tenantId)
    assert.deepEqual(await incidents(tools), [])
    const states = await Promise.all(tenantIds.map(async (id) => (await showTenant(tools, id)).tenant.state))
    assert.deepEqual(
      states,
      tenantIds.map((id) => (leaving.includes(id) ? 'revoked' : 'active')),
    )
  })

  /** Our app is at home, so that asking there tells something. */
  const openWithHome = async (t: TestContext, tenants: number) => {
    const opened = await open(t, tenants)
    const { emulator, tools } = opened.fleet
    await emulator.directory.addServicePrincipal({ tenant: tools.config.homeTenantId, app: tools.config.clientId })
    for (const tenantId of opened.fleet.tenantIds) await read(tools, tenantId)
    for (const tenantId of opened.fleet.tenantIds) forgetTenant(tools.entra, tenantId)
    opened.clock.pass(30 * MINUTE)
    return opened
  }
  const stateOf = async (tools: Tools, tenantId: TenantId) => (await showTenant(tools, tenantId)).tenant.state

  test('T15 five of eight who delete the app within the hour have left, as it works at home and elsewhere; nobody is held up', async (t) => {
    const { fleet } = await openWithHome(t, 8)
    const { emulator, tools, tenantIds } = fleet
    const leaving = tenantIds.slice(0, 5)
    for (const tenant of leaving)
      await emulator.directory.deleteServicePrincipal({ tenant, app: tools.config.clientId })
    for (const tenantId of leaving) await read(tools, tenantId)
    assert.deepEqual(await incidents(tools), [])
    for (const tenantId of leaving) assert.equal(await stateOf(tools, tenantId), 'revoked')
    for (const tenantId of tenantIds.slice(5)) {
      await read(tools, tenantId)
      assert.equal(await stateOf(tools, tenantId), 'active')
    }
    // When our own app is gone after that, everybody who is left and home say so.
    emulator.mischief.add({ at: 'token', aadsts: 700_016 })
    for (const tenantId of tenantIds.slice(5)) forgetTenant(tools.entra, tenantId)
    for (let time = 0; time < 2; time++) for (const tenantId of tenantIds.slice(5)) await read(tools, tenantId)
    for (const tenantId of tenantIds.slice(5)) assert.equal(await stateOf(tools, tenantId), 'active')
  })

  const ONES = [
    { what: 'home works and nobody else does', tenants: 8, failing: 8 },
    { what: 'nearly all of the last twenty fail, though two still work', tenants: 20, failing: 18 },
  ]
  for (const { what, tenants, failing } of ONES)
    test(`T15 where ${what}, it is no customer’s doing`, async (t) => {
      const { fleet } = await openWithHome(t, tenants)
      const { emulator, tools, tenantIds } = fleet
      for (const tenant of tenantIds.slice(0, failing))
        emulator.mischief.add({ at: 'token', aadsts: 7_000_229, match: { tenant } })
      for (const tenantId of tenantIds.slice(0, failing)) await read(tools, tenantId)
      const [incident, ...others] = await incidents(tools)
      assert.deepEqual(
        [others.length, incident?.code, incident?.holds, incident?.tenantId],
        [0, 'SERVICE_PRINCIPAL_MISSING', true, null],
      )
      for (const tenantId of tenantIds) assert.equal(await stateOf(tools, tenantId), 'active')
    })

  test('R08 a secret that has expired is an incident at once, nothing is asked until it is over, and work goes on by itself with a new one', async (t) => {
    const { fleet, clock } = await open(t, 2)
    const { emulator, tools, tenantIds } = fleet
    const [tenantId] = tenantIds as [TenantId]
    emulator.mischief.add({ at: 'token', aadsts: 7_000_222 })
    await read(tools, tenantId)
    const [incident] = await incidents(tools)
    assert.deepEqual([incident?.code, incident?.holds, incident?.hosts], ['CLIENT_SECRET_EXPIRED', false, [tools.host]])
    assert.equal((await showTenant(tools, tenantId)).tenant.state, 'active')
    emulator.requests.clear()
    for (const id of tenantIds) await read(tools, id)
    assert.equal(emulator.requests.list({ path: '/token' }).length, 0)
    await tick(tools)
    assert.equal((await incidents(tools)).length, 1, 'it is not over yet')

    emulator.mischief.clear()
    await emulator.directory.addServicePrincipal({ tenant: tools.config.homeTenantId, app: tools.config.clientId })
    clock.pass(MINUTE)
    await until('it is over', async () => (await incidents(tools)).length === 0)
    await until('work goes on', () => !isHoldingBack(tools))
    await read(tools, tenantId)
    assert.equal((await showTenant(tools, tenantId)).runs[0]?.state, 'succeeded')
  })

  test('R08 what is said of our credential in one tenant alone holds nobody’s work, and is that tenant’s trouble', async (t) => {
    const { fleet } = await openWithHome(t, 2)
    const { emulator, tools, tenantIds } = fleet
    const [tenant, other] = tenantIds as [TenantId, TenantId]
    emulator.mischief.add({ at: 'token', aadsts: 7_000_222, match: { tenant } })
    await read(tools, tenant)
    assert.deepEqual(await incidents(tools), [])
    const { tenant: found, runs } = await showTenant(tools, tenant)
    assert.deepEqual([found.state, runs[0]?.diagnosis?.code], ['active', 'CLIENT_SECRET_EXPIRED'])
    await read(tools, other)
    assert.equal((await showTenant(tools, other)).runs[0]?.state, 'succeeded')
  })
})
