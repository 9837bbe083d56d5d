import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { letSilencePass } from '#test/crash/support/databases.ts'
import {
  askForReading,
  connectCustomers,
  customersOf,
  isRead,
  letRetriesBeDue,
} from '#test/faults/support/customers.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { holdAnswers } from '#test/support/microsoft-gate.ts'
import { seeingEverything, withClient } from '#test/support/postgres.ts'
import type { Program } from '#test/support/programs.ts'
import { until } from '#test/support/until.ts'

const USERS_PAGE = 'GET /v1.0/users/delta'

type Place = { deployment: Deployment; databaseUrl: string; adminUrl: string; ids: string[] }

async function openPlace(t: TestContext, count: number, settings: Record<string, string> = {}): Promise<Place> {
  const customers = customersOf(count)
  const deployment = await openDeployment(t, { database: 'postgres', customers, settings })
  const databaseUrl = deployment.databaseUrl ?? assert.fail()
  const adminUrl = await seeingEverything(databaseUrl)
  await connectCustomers(deployment, { databaseUrl, adminUrl, customers })
  return { deployment, databaseUrl, adminUrl, ids: customers.map(({ id }) => id) }
}

async function startWorker({ deployment }: Place): Promise<Program> {
  const worker = deployment.start('work')
  await worker.says(/the worker is at work/)
  return worker
}

const jobsByState = (adminUrl: string): Promise<Record<string, number>> =>
  withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ state: string; count: number }>(
      `select state::text, count(*)::int as count from pgboss.job where name = 'sync-tenant' group by 1`,
    )
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  })

test('R02 a worker that hangs longer than its lease is replaced, and writes nothing when it comes back', async (t) => {
  const place = await openPlace(t, 1)
  const { deployment, databaseUrl, adminUrl, ids } = place
  const [tenantId = ''] = ids
  const workers = [await startWorker(place), await startWorker(place)]
  using answer = holdAnswers(deployment.emulator, { name: USERS_PAGE, nth: 2 })
  await askForReading(databaseUrl, ids)
  await until('a page is on its way', () => answer.count() === 1)
  // Either may have begun what the clock begins; only one reads.
  const hung = workers.find((worker) => /sync-tenant.*job started/.test(worker.said())) ?? assert.fail()
  const other = workers.find((worker) => worker !== hung) ?? assert.fail()
  hung.freeze()
  // The page lies before its door now; it will store it first thing when it can.
  answer.release()
  await letSilencePass(databaseUrl, adminUrl)
  await until('the other one has read everything', () => isRead(adminUrl, tenantId))
  assert.match(other.said(), /job started/)
  const runs = () =>
    withClient(adminUrl, async (client) => (await client.query('select * from tenantry.sync_runs order by id')).rows)
  const before = await runs()
  hung.thaw()
  await hung.says(/RUN_SUPERSEDED|given to another worker/)
  assert.equal(await hung.stop(), 0)
  assert.deepEqual(await runs(), before)
  assert.equal(await isRead(adminUrl, tenantId), true)
})

test('R06 told to stop with fifty jobs running, a worker finishes what it can and gives the rest back', async (t) => {
  const fifty = 50
  const place = await openPlace(t, fifty, { TENANTRY_CONCURRENCY: String(fifty) })
  const { deployment, databaseUrl, adminUrl, ids } = place
  const worker = await startWorker(place)
  using answers = holdAnswers(deployment.emulator, { name: USERS_PAGE, times: fifty })
  await askForReading(databaseUrl, ids)
  await until('fifty run', () => answers.count() === fifty)
  const stopped = worker.stop()
  await worker.says(/stopping/)
  answers.release(fifty / 2)
  assert.equal(await stopped, 0)
  assert.deepEqual(await jobsByState(adminUrl), { completed: fifty / 2, retry: fifty / 2 })
  answers.release()

  await startWorker(place)
  await until('all fifty have been read, each once', async () => {
    await letRetriesBeDue(adminUrl)
    return (await Promise.all(ids.map((id) => isRead(adminUrl, id)))).every(Boolean)
  })
  assert.deepEqual(await jobsByState(adminUrl), { completed: fifty })
})
