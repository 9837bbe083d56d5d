import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { enqueue } from '#jobs/enqueue.ts'
import { defineApp } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant } from '#store/open.ts'
import { listRuns } from '#store/sync-runs.ts'
import { temporaryFolder } from '#test/support/backends.ts'
import { APP_OF_TESTS, openFleet } from '#test/support/fleet.ts'
import { freePort } from '#test/support/ports.ts'
import { freshDatabase } from '#test/support/postgres.ts'
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

async function openTwoWorkers(t: TestContext) {
  const folder = temporaryFolder(t)
  const databaseUrl = await freshDatabase()
  const fleet = await openFleet({ users: 5, groups: 0, databaseUrl, app: defineApp(APP_OF_TESTS) })
  t.after(() => fleet[Symbol.asyncDispose]())
  const { config, store, jobs } = fleet.tools
  writeFileSync(join(folder, 'tenantry.config.ts'), CONFIGURATION(folder))
  const env = {
    TENANTRY_SETTINGS_FILE: join(folder, 'there-is-none.env'),
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
    ask: () => asFleet(store, (sql) => enqueue(jobs, sql, 'run-job', { tenantId, job: 'slow' })),
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

test('R06 a worker that is asked to stop gives its job back, and another does it', async (t) => {
  const { startWorker, figures, said, letGoOn, ask, runs } = await openTwoWorkers(t)
  const stops = await startWorker()
  await ask()
  await until('the first worker is in the middle', async () => (await runs())[0]?.progress === 'in the middle')
  assert.equal(await stops.stop(), 0)
  assert.deepEqual(
    (await runs()).map(({ state, diagnosis }) => [state, diagnosis]),
    [['interrupted', null]],
  )
  letGoOn()
  await startWorker({ figures: true })
  await until('it is done', async () => (await runs())[0]?.state === 'succeeded')
  await until('its figures tell of it', async () =>
    /tenantry_job_seconds_count\{job="run-job",outcome="done"\} 1\n/.test(await figures()),
  )
  assert.equal(said().filter((line) => line.startsWith('done')).length, 1)
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
  const unknown = await command('run', 'no-such-job', '--tenant', tenantId)
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /JOB_UNKNOWN: There is no job called no-such-job\.[\s\S]*The configuration has: slow\./)
  const allowed = await command('tenants', 'allow-removal', '--tenant', tenantId, '--reason', 'They moved out')
  assert.equal(allowed.code, 0, allowed.stderr)
  assert.match((await command('tenants', 'show', '--tenant', tenantId)).stdout, /tenant\.removal-allowed/)
})
