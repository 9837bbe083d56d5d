import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { tasks } from '#daemon/tasks.ts'
import { beginAnew } from '#flows/incidents/begin-anew.ts'
import { closeIncidentBy } from '#flows/incidents/close-incident.ts'
import { isHoldingBack } from '#flows/incidents/hold-back.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { watchIncidents } from '#flows/incidents/watch-incidents.ts'
import { enqueueAll } from '#jobs/enqueue.ts'
import { fetchJobs } from '#jobs/fetch-jobs.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import type { IncidentId } from '#model/incident.ts'
import { asFleet } from '#store/database/open.ts'
import { removeHosts } from '#store/incident-hosts.ts'
import { listIncidents, openIncident } from '#store/incidents.ts'
import { listRuns } from '#store/sync-runs.ts'
import { silentLog } from '#test/support/backends.ts'
import { openFleet } from '#test/support/fleet.ts'
import { HOUR, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { aDiagnosis } from '#test/support/made-up.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'
import { openTools, type Tools } from '#tools.ts'

/** A process with the secret of today, and a way to open others on the same database that have another one. */
async function openWorkers(t: TestContext, tenants: number) {
  const clock = handClock(new Date())
  const fleet = await openFleet({ tenants, users: 1, groups: 0, clock, databaseUrl: await freshDatabase() })
  t.after(() => fleet[Symbol.asyncDispose]())
  const { emulator, tools: good } = fleet
  await emulator.directory.addServicePrincipal({ tenant: good.config.homeTenantId, app: good.config.clientId })
  /** Its clock is wrong, too: what is wrong with a machine is not to matter for what the others think of it. */
  const openBad = async (host: string, { ahead = -2 * HOUR } = {}): Promise<Tools> => {
    const wrong = { ...clock, now: () => new Date(clock.now().getTime() + ahead) }
    const config = { ...good.config, credential: { kind: 'secret', secret: 'of last month', expiresAt: null } } as const
    const opened = await openTools(config, { log: silentLog, clock: wrong, work: true })
    t.after(() => opened[Symbol.asyncDispose]())
    return { ...opened, host }
  }
  const open = () => asFleet(good.store, (sql) => listIncidents(sql, { open: true }))
  const told: string[] = []
  const look = () =>
    watchIncidents({ ...good, sendAlert: async (body) => void told.push((body as { text: string }).text) })
  const wish = (tenantIds: readonly TenantId[]) =>
    asFleet(good.store, (sql) =>
      enqueueAll(
        good.jobs,
        sql,
        'sync-tenant',
        tenantIds.map((tenantId) => ({ tenantId })),
      ),
    )
  const work = (tools: Tools) => {
    const nothingElse = { watch: async () => {}, tidy: async () => {} }
    const runner = startRunner(tools.jobs, { ...tasks(tools), ...nothingElse }, { concurrency: 2 })
    t.after(() => runner.stop())
    return runner
  }
  /** One that has met the refusal, is named for it, and holds itself back. */
  const openRefused = async (host: string) => {
    const bad = await openBad(host)
    await wish(fleet.tenantIds)
    const runner = work(bad)
    await until('it is named', async () => (await open()).length > 0)
    await until('it holds itself back', () => isHoldingBack(bad))
    await runner.stop()
    return bad
  }
  const succeeded = async () => {
    const runs = await asFleet(good.store, (sql) => listRuns(sql, { limit: 100 }))
    return runs.filter(({ state }) => state === 'succeeded').map(({ tenantId }) => tenantId)
  }
  /** A minute in which so many processes, which all hold back, ask at home. */
  const minute = async (processes = 1) => {
    await until('they wait for it', () => clock.sleepers() >= processes)
    emulator.requests.clear()
    clock.pass(MINUTE)
    await until('they have asked', () => emulator.requests.list({ path: '/token' }).length === processes)
  }
  return { ...fleet, good, clock, openBad, openRefused, open, look, told, wish, work, succeeded, minute }
}

test('R08 one worker of which Microsoft refuses the credential leaves the work to the others, and is told of once, by name', async (t) => {
  const { good, tenantIds, emulator, openBad, open, look, told, wish, work, succeeded, minute } = await openWorkers(
    t,
    8,
  )
  const bad = await openBad('worker-7')
  await wish(tenantIds)
  const badRunner = work(bad)
  const [incident] = await until('it is an incident', async () => {
    const found = await open()
    return found.length > 0 && found
  })
  assert.deepEqual(
    [incident?.code, incident?.tenantId, incident?.holds, incident?.hosts],
    ['CLIENT_SECRET_INVALID', null, false, ['worker-7']],
  )
  await until('it holds itself back', () => isHoldingBack(bad))
  assert.equal(await good.hold.isOn(), false)

  // Nobody's work is put off, nor is that lost which it has tried.
  const goodRunner = work(good)
  await until('all have been read', async () => new Set(await succeeded()).size === tenantIds.length)
  const tried = emulator.requests
    .list({ path: '/token', status: 401 })
    .filter(({ tenantId }) => tenantId !== good.config.homeTenantId)
  assert.ok(tried.length <= 2 * 2, `it has tried in ${tried.length} tenants`)

  await goodRunner.stop()
  const waiting = async () => (await jobsIn(good.jobs, 'sync-tenant')).filter(({ state }) => state === 'created')
  await wish(tenantIds.slice(0, 1))
  const [left] = await waiting()
  for (let time = 0; time < 8; time++) {
    await look()
    await minute()
  }
  await look()
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /CLIENT_SECRET_INVALID on worker-7\./)
  assert.deepEqual(
    (await open()).map(({ id, times }) => [id, times <= 4]),
    [[incident?.id, true]],
  )

  assert.deepEqual(
    (await waiting()).map(({ id }) => id),
    [left?.id],
    'it takes nothing, be it to put it back',
  )

  Object.assign(bad.entra, { credential: good.entra.credential })
  await minute()
  await until('it is over', async () => (await open()).length === 0)
  await until('it works again', () => !isHoldingBack(bad))
  await until('it has read', async () => (await succeeded()).length > tenantIds.length)
  await badRunner.stop()
  await look()
  assert.equal(told.length, 1)
})

test('R08 what is refused to every worker is one incident that names them all; each that is mended works on, and what fell silent is forgotten', async (t) => {
  const { clock, tenantIds, openBad, open, look, told, wish, work, minute } = await openWorkers(t, 4)
  const [one, other] = [await openBad('worker-1'), await openBad('worker-2')]
  const hosts = async () => (await open()).map((incident) => incident.hosts)
  await wish(tenantIds)
  const runner = work(one)
  await until('the first is named', async () => (await hosts()).length > 0)
  await until('it holds itself back', () => isHoldingBack(one))
  await runner.stop()
  work(other)
  await until('both are named', async () => (await hosts())[0]?.length === 2)
  assert.deepEqual(await hosts(), [['worker-1', 'worker-2']])
  await look()
  await look()
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /on worker-1, worker-2\./)

  // One of them is mended, the other is switched off.
  Object.assign(one.entra, { credential: { kind: 'secret', secret: 'secret of a test' } })
  await minute(2)
  await until('one is left', async () => (await hosts())[0]?.length === 1)
  assert.deepEqual(await hosts(), [['worker-2']])
  await other.background.close()
  clock.pass(4 * MINUTE)
  await look()
  assert.deepEqual(await hosts(), [['worker-2']], 'it may be busy')
  clock.pass(2 * MINUTE)
  await look()
  assert.deepEqual(await hosts(), [])
  assert.equal(told.length, 1)
})

test('R08 a worker that is started with the new credential ends what its machine was named for, at once, and no other', async (t) => {
  const { good, openBad, openRefused, open } = await openWorkers(t, 1)
  const bad = await openRefused('worker-7')
  await bad.background.close()
  const hosts = async () => (await open()).map((incident) => incident.hosts)

  await beginAnew(await openBad('worker-7'))
  assert.deepEqual(await hosts(), [['worker-7']], 'still with the old one')
  await beginAnew({ ...good, host: 'worker-8' })
  assert.deepEqual(await hosts(), [['worker-7']], 'another machine’s credential says nothing of it')
  await beginAnew({ ...good, host: 'worker-7' })
  assert.deepEqual(await hosts(), [])
})

test('R08 a machine that was taken for silent is named again while it is refused, and not once a person has looked at it', async (t) => {
  const { good, clock, openRefused, open, minute } = await openWorkers(t, 1)
  const bad = await openRefused('worker-7')
  await asFleet(good.store, (sql) => removeHosts(sql, { over: 'worker-7' }))
  assert.deepEqual(await open(), [])
  await minute()
  const [again] = await until('it is named again', async () => {
    const found = await open()
    return found.length > 0 && found
  })
  assert.deepEqual(again?.hosts, ['worker-7'])
  await closeIncidentBy(good, { id: again?.id as IncidentId, actor: 'operator:test' })
  for (let time = 0; time < 2; time++) await minute()
  await until('it has said so', () => clock.sleepers() > 0)
  assert.deepEqual(await open(), [])
  assert.ok(isHoldingBack(bad))
})

for (const [whose, ahead] of [
  ['ahead', 2 * HOUR],
  ['slow', -2 * HOUR],
] as const)
  test(`R08 what a refused worker gives back is due at once for the others, be its clock ${whose}`, async (t) => {
    const { good, tenantIds, openBad, wish, work } = await openWorkers(t, 4)
    const bad = await openBad('worker-7', { ahead })
    await wish(tenantIds)
    const runner = work(bad)
    await until('it holds itself back', () => isHoldingBack(bad))
    await runner.stop()
    const due = await fetchJobs(good.jobs, 'sync-tenant', 9)
    assert.deepEqual(new Set(due.map(({ singletonKey }) => singletonKey)), new Set<string | null>(tenantIds))
  })

test('R08 what visitors meet while a process holds back is its one incident, and none once a person has closed it until home gives a token', async (t) => {
  const { good, clock, emulator, openBad, open, look, minute } = await openWorkers(t, 0)
  const bad = await openBad('worker-7')
  const { credential } = bad.entra
  const visit = () =>
    raiseAlarm(bad, { tenantId: null, diagnosis: aDiagnosis({ code: 'CLIENT_SECRET_INVALID', owner: 'operator' }) })
  const ids = async () => (await open()).map(({ id }) => id)
  const pass = async (minutes: number) => {
    for (let time = 0; time < minutes; time++) {
      await minute()
      await until('it has said so', () => clock.sleepers() > 0)
      await look()
    }
  }
  await visit()
  await asFleet(good.store, (sql) => removeHosts(sql, { over: 'worker-7' }))
  const second = await visit()
  await pass(6)
  assert.deepEqual(
    (await open()).map(({ id, times }) => [id, times]),
    [[second?.id, 1]],
    'it goes on as long as it is heard of',
  )

  await closeIncidentBy(good, { id: second?.id as IncidentId, actor: 'operator:test' })
  assert.equal((await visit())?.id, second?.id)
  await pass(1)
  assert.deepEqual(await ids(), [])

  // What else home answers says nothing of the credential.
  Object.assign(bad.entra, { credential: good.entra.credential })
  emulator.mischief.add({ at: 'token', aadsts: 7_000_112 })
  await pass(1)
  assert.ok(isHoldingBack(bad))
  emulator.mischief.clear()
  await minute()
  await until('it is accepted', () => !isHoldingBack(bad))
  Object.assign(bad.entra, { credential })
  const third = await visit()
  assert.deepEqual(await ids(), [third?.id])
})

test('R08 what a person has closed for one process is news of another, and one that is accepted forgets for itself alone', async (t) => {
  const { openBad, open, minute } = await openWorkers(t, 0)
  const [one, other] = [await openBad('worker-1'), await openBad('worker-2')]
  const visit = (tools: Tools) =>
    raiseAlarm(tools, { tenantId: null, diagnosis: aDiagnosis({ code: 'CLIENT_SECRET_INVALID', owner: 'operator' }) })
  const hosts = async () => (await open()).map((incident) => incident.hosts)
  const close = async () => {
    const [incident] = await open()
    await closeIncidentBy(one, { id: incident?.id as IncidentId, actor: 'operator:test' })
  }
  await visit(one)
  await close()
  await visit(other)
  assert.deepEqual(await hosts(), [['worker-2']])
  await close()

  Object.assign(one.entra, { credential: { kind: 'secret', secret: 'secret of a test' } })
  await minute(2)
  await until('one is accepted', () => !isHoldingBack(one))
  await visit(other)
  assert.deepEqual(await hosts(), [])
})

test('R08 a process that holds back does not look whether what holds everybody’s work is over', async (t) => {
  const { good, emulator, openBad, open } = await openWorkers(t, 0)
  const bad = await openBad('worker-7')
  const refused = aDiagnosis({ code: 'CLIENT_SECRET_INVALID', owner: 'operator' })
  await raiseAlarm(bad, { tenantId: null, diagnosis: refused })
  const diagnosis = aDiagnosis({ code: 'SERVICE_PRINCIPAL_MISSING' })
  await asFleet(good.store, (sql) => openIncident(sql, { tenantId: null, diagnosis, holds: true }))
  emulator.requests.clear()
  await watchIncidents(bad)
  assert.equal(emulator.requests.list({ path: '/token' }).length, 0)
  await watchIncidents(good)
  assert.deepEqual(
    (await open()).map(({ code }) => code),
    ['CLIENT_SECRET_INVALID'],
  )
})

test('R08 a machine that was heard of later than now, before the database’s clock was put back, is taken for silent', async (t) => {
  const { good, openBad, open } = await openWorkers(t, 0)
  const bad = await openBad('worker-7')
  const refused = aDiagnosis({ code: 'CLIENT_SECRET_INVALID', owner: 'operator' })
  await raiseAlarm(bad, { tenantId: null, diagnosis: refused })
  for (const [ahead, left] of [
    ['3 seconds', 1],
    ['1 hour', 0],
  ] as const) {
    await asFleet(good.store, async (handle) => {
      await sql`
        update tenantry.incidents
        set hosts = jsonb_build_object('worker-7', ${handle.at} + ${ahead}::interval)`.execute(handle.db)
      await removeHosts(handle)
    })
    assert.equal((await open()).length, left, ahead)
  }
})
