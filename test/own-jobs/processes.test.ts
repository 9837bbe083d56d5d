import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { tidy } from '#flows/fleet/tidy.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { defineApp } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import { listAudit } from '#store/audit.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { listResources } from '#store/resources.ts'
import { listRuns } from '#store/sync-runs.ts'
import { findTenant } from '#store/tenants.ts'
import { temporaryFolder } from '#test/support/backends.ts'
import { APP_OF_TESTS, openFleet } from '#test/support/fleet.ts'
import { freePort } from '#test/support/ports.ts'
import { freshDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { openPostgresProxy } from '#test/support/postgres-proxy.ts'
import { root, runTenantry, startTenantry } from '#test/support/programs.ts'
import { until } from '#test/support/until.ts'

/** The job writes down who does it, and then waits until the test lets it go on. */
const CONFIGURATION = (folder: string) => `
import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { defineApp, defineJob } from ${JSON.stringify(pathToFileURL(join(root, 'src/index.ts')).href)}

const say = (line) => appendFileSync(${JSON.stringify(join(folder, 'said'))}, line + '\\n')
export default defineApp({
  ...${JSON.stringify(APP_OF_TESTS)},
  jobs: [
    defineJob({
      name: 'slow',
      schedule: { everyMinutes: 1440 },
      permissions: ['User.Read.All'],
      async run({ checkpoint, progress, signal }) {
        say('begun ' + process.pid + ' ' + JSON.stringify(await checkpoint.load()))
        await checkpoint.save({ reached: 'the middle' })
        await progress('in the middle')
        while (!existsSync(${JSON.stringify(join(folder, 'go-on'))})) await wait(50, undefined, { signal })
        say('done ' + process.pid)
      },
    }),
  ],
})
`

/** What this one leaves to itself fails when nobody waits for it, or never ends. */
const CARELESS = `    defineJob({
      name: 'careless',
      schedule: { everyMinutes: 1440 },
      permissions: [],
      async run() {
        void Promise.reject(new Error('nobody waits for this'))
        setInterval(() => {}, 1_000)
        await wait(1)
      },
    }),
`

async function openTwoWorkers(t: TestContext) {
  const folder = temporaryFolder(t)
  const databaseUrl = await freshDatabase()
  const fleet = await openFleet({ users: 5, groups: 0, databaseUrl, app: defineApp(APP_OF_TESTS) })
  t.after(() => fleet[Symbol.asyncDispose]())
  const { config, store, jobs } = fleet.tools
  writeFileSync(join(folder, 'tenantry.config.ts'), CONFIGURATION(folder))
  const env = {
    TENANTRY_SETTINGS_FILE: '/dev/null',
    TENANTRY_CLOUD: 'emulator',
    TENANTRY_CLIENT_ID: config.clientId,
    TENANTRY_HOME_TENANT_ID: config.homeTenantId,
    TENANTRY_CLIENT_SECRET: config.credential.kind === 'secret' ? config.credential.secret : '',
    TENANTRY_DATA_DIR: join(folder, 'data'),
    TENANTRY_EMULATOR_ORIGIN: fleet.emulator.origin,
    TENANTRY_EMULATOR_BROWSER_ORIGIN: fleet.emulator.browserOrigin,
    TENANTRY_EMULATOR_CA_FILE: fleet.emulator.caFile ?? '',
    TENANTRY_DATABASE_URL: databaseUrl,
    TENANTRY_METRICS_PORT: `${await freePort()}`,
  }
  const [tenantId] = fleet.tenantIds as [TenantId]
  /** The first of them gives its figures; a second could not listen beside it. */
  const startWorker = async ({ figures = false } = {}) => {
    const { TENANTRY_METRICS_PORT: _, ...quiet } = env
    const worker = startTenantry({ args: ['work'], env: figures ? env : quiet, cwd: folder })
    t.after(async () => void (await worker.stop()))
    await worker.says(/the worker is at work/)
    return worker
  }
  const said = () =>
    existsSync(join(folder, 'said')) ? readFileSync(join(folder, 'said'), 'utf8').trim().split('\n') : []
  return {
    tenantId,
    startWorker,
    figures: async () => (await fetch(`http://127.0.0.1:${env.TENANTRY_METRICS_PORT}/metrics`)).text(),
    said,
    command: (...args: string[]) => runTenantry({ args, env, cwd: folder }),
    letGoOn: () => writeFileSync(join(folder, 'go-on'), ''),
    verify: () => asFleet(store, (sql) => enqueue(jobs, sql, 'verify-tenant', { tenantId })),
    verified: async () =>
      (await jobs.boss.findJobs('verify-tenant')).filter(({ state }) => state === 'completed').length,
    databaseUrl,
    tools: fleet.tools,
    env,
    folder,
    ask: (job = 'slow') => asFleet(store, (sql) => enqueue(jobs, sql, 'run-job', { tenantId, job })),
    runs: () => asTenant(store, tenantId, (sql) => listRuns(sql, { limit: 9, of: 'own-jobs' })),
  }
}

test('R01 the job of a worker that was killed is taken over by another, from its checkpoint', async (t) => {
  const { startWorker, said, letGoOn, ask, runs } = await openTwoWorkers(t)
  const dies = await startWorker()
  await ask()
  await until('the first worker is in the middle', async () => (await runs())[0]?.progress === 'in the middle')
  await startWorker()
  await dies.kill()
  await until('another worker has begun it', () => said().length === 2)
  letGoOn()
  await until('it is done', async () => (await runs())[0]?.state === 'succeeded')
  const [first, second, last, ...more] = said().map((line) => line.split(' '))
  assert.equal(first?.[2], 'null')
  assert.notEqual(second?.[1], first?.[1])
  assert.equal(second?.slice(2).join(' '), '{"reached":"the middle"}', 'it goes on where the dead one was')
  assert.deepEqual(last, ['done', second?.[1]])
  assert.deepEqual(more, [])
  assert.deepEqual((await runs()).map(({ state }) => state).toSorted(), ['interrupted', 'succeeded'])
})

test('R05 what a job has left to itself, and fails or goes on when nobody waits for it, ends neither the job nor the worker, and keeps none', async (t) => {
  const { startWorker, ask, runs, verify, verified, folder } = await openTwoWorkers(t)
  const file = join(folder, 'tenantry.config.ts')
  writeFileSync(file, readFileSync(file, 'utf8').replace('jobs: [\n', `jobs: [\n${CARELESS}`))
  const worker = await startWorker()
  await ask('careless')
  await worker.says(/something failed that nobody was waiting for/)
  await until('the job is done', async () => (await runs())[0]?.state === 'succeeded')
  await verify()
  await until('the worker goes on', async () => (await verified()) === 1)
  assert.equal(await worker.stop(), 0)
})

/** Thrown where no job waits for it, with what clients attach to errors. */
const RECKLESS = `    defineJob({
      name: 'reckless',
      schedule: { everyMinutes: 1440 },
      permissions: [],
      async run() {
        const request = { headers: { Cookie: 'canary', Authorization: 'Basic canary' }, body: ['canary'] }
        setTimeout(() => { throw Object.assign(new Error('nobody catches this'), { request }) })
        await wait(60_000)
      },
    }),
`

test('L01 what a job throws where nobody can catch it ends the worker, whose last words hold nothing that is attached to it', async (t) => {
  const { startWorker, ask, folder } = await openTwoWorkers(t)
  const file = join(folder, 'tenantry.config.ts')
  writeFileSync(file, readFileSync(file, 'utf8').replace('jobs: [\n', `jobs: [\n${RECKLESS}`))
  const worker = await startWorker()
  await ask('reckless')
  const { code, stdout, stderr } = await worker.ended
  assert.equal(code, 1)
  assert.ok(!`${stdout}${stderr}`.includes('canary'), stderr)
  const { level, err } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '')
  assert.deepEqual([level, err.message], ['fatal', 'nobody catches this'])
  assert.match(err.stack, /tenantry\.config\.ts/)
})

test('R06 a worker that is asked to stop gives its job back, and another does it', async (t) => {
  const { tenantId, startWorker, figures, said, command, letGoOn, ask, runs } = await openTwoWorkers(t)
  const stops = await startWorker()
  await ask()
  await until('the first worker is in the middle', async () => (await runs())[0]?.progress === 'in the middle')
  const byHand = await command('run', 'slow', '--tenant', tenantId)
  assert.deepEqual([byHand.code, byHand.stdout], [1, ''], 'while a worker does it, nobody does it by hand')
  assert.match(byHand.stderr, /JOB_UNDER_WAY: The job slow is being done in this tenant already\./)
  assert.equal(said().length, 1)
  assert.equal(await stops.stop(), 0)
  assert.deepEqual(
    (await runs()).map(({ state, diagnosis }) => [state, diagnosis]),
    [['interrupted', null]],
  )
  letGoOn()
  await startWorker({ figures: true })
  await until('it is done', async () => (await runs())[0]?.state === 'succeeded')
  await until('its figures tell of it', async () =>
    /tenantry_job_seconds_count\{job="slow",outcome="done"\} 1\n/.test(await figures()),
  )
  assert.match(await figures(), /^process_resident_memory_bytes \d+$/m)
  assert.equal(said().filter((line) => line.startsWith('done')).length, 1)
})

test('R02 while a job is done by hand, no worker and no other hand does it; the worker’s turn comes afterwards', async (t) => {
  const { tenantId, startWorker, said, command, verify, verified, letGoOn, ask, runs } = await openTwoWorkers(t)
  await startWorker()
  const byHand = command('run', 'slow', '--tenant', tenantId)
  await until('it has begun', async () => (await runs())[0]?.progress === 'in the middle')
  await ask()
  for (const turn of [1, 2]) {
    await verify()
    await until('the worker has done something else', async () => (await verified()) === turn)
  }
  const second = await command('run', 'slow', '--tenant', tenantId)
  assert.deepEqual([second.code, second.stdout], [1, ''])
  assert.match(second.stderr, /JOB_UNDER_WAY/)
  assert.equal(said().length, 1)
  letGoOn()
  const { code, stdout, stderr } = await byHand
  assert.deepEqual([code, stdout], [0, 'slow in Tenant 1: done.\n'], stderr)
  await until('the worker has done it', () => said().length === 4)
  await until('both have ended', async () => (await runs()).every(({ state }) => state === 'succeeded'))
  const [begun, done, ...next] = said().map((line) => line.split(' ').slice(0, 2).join(' '))
  assert.equal(begun?.split(' ')[1], done?.split(' ')[1])
  assert.deepEqual(
    next.map((line) => line.split(' ')[0]),
    ['begun', 'done'],
  )
})

test('R01 an end of a tenant that is killed after any of its writes is finished by the daemon', async (t) => {
  const { tenantId, databaseUrl, tools, env, folder } = await openTwoWorkers(t)
  const state = () => asFleet(tools.store, async (sql) => (await findTenant(sql, tenantId))?.state)
  const left = () => asTenant(tools.store, tenantId, (sql) => listResources(sql, { kind: 'user', limit: 9 }))
  const signal = new AbortController().signal
  const stopped: (string | undefined)[] = []
  for (let moment = 1; ; moment++) {
    await withClient(await seeingEverything(databaseUrl), (client) =>
      client.query(`update tenantry.tenants set state = 'active'`),
    )
    await syncTenant(tools, { tenantId, signal })
    assert.equal((await left()).length, 5)
    let writes = 0
    await using proxy = await openPostgresProxy(databaseUrl, {
      wrote: ({ name, state: kept }) => {
        if (kept === 'open' || !/tenantry\.|pgboss\.job/.test(name)) return true
        writes += 1
        if (writes === moment) void program.kill()
        return writes !== moment
      },
    })
    const program = startTenantry({
      args: ['tenants', 'offboard', '--tenant', tenantId, '--reason', 'contract ended', '--yes'],
      env: { ...env, TENANTRY_DATABASE_URL: proxy.through(databaseUrl) },
      cwd: folder,
    })
    const { code } = await program.ended
    stopped.push(await state())
    if (code !== 0) await tidy(tools)
    assert.deepEqual([await state(), await left()], ['offboarded', []], `killed after write ${moment}`)
    if (code === 0) break
  }
  assert.deepEqual(stopped.slice(0, 2), ['offboarding', 'offboarding'], 'it was broken off in the middle')
  assert.ok(stopped.length >= 3)
  const audit = await asTenant(tools.store, tenantId, (sql) => listAudit(sql, { limit: 99 }))
  assert.ok(audit.some(({ actor, to }) => actor === 'daemon' && to === 'offboarded'))
})

test('the command line lists the jobs, does one by hand, and says which there are', async (t) => {
  const { tenantId, command, letGoOn } = await openTwoWorkers(t)
  letGoOn()
  const done = await command('run', 'slow', '--tenant', tenantId)
  assert.deepEqual([done.code, done.stdout], [0, 'slow in Tenant 1: done.\n'], done.stderr)
  const listed = await command('jobs', 'list', '--json')
  assert.equal(listed.code, 0, listed.stderr)
  assert.deepEqual(JSON.parse(listed.stdout), [
    { name: 'sync-tenant', schedule: 'every 60 minutes', permissions: [], planned: null },
    {
      name: 'slow',
      schedule: 'every 1440 minutes',
      permissions: ['User.Read.All'],
      planned: { tenants: 0, nextDueAt: null },
    },
  ])
  const shown = await command('tenants', 'show', '--tenant', tenantId)
  assert.match(shown.stdout, /slow +succeeded +in the middle/)
  for (const name of ['no-such-job', 'constructor']) {
    const unknown = await command('run', name, '--tenant', tenantId)
    assert.equal(unknown.code, 1)
    const refusal = new RegExp(`JOB_UNKNOWN: There is no job called ${name}\\.[^]*The configuration has: slow\\.`)
    assert.match(unknown.stderr, refusal)
  }
  const allowed = await command('tenants', 'allow-removal', '--tenant', tenantId, '--reason', 'They moved out')
  assert.equal(allowed.code, 0, allowed.stderr)
  assert.match((await command('tenants', 'show', '--tenant', tenantId)).stdout, /tenant\.removal-allowed/)
})
