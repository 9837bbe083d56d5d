import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { readConfig } from '#config.ts'
import { DEMO, startEmulator } from '#emulator/index.ts'
import { preflight } from '#preflight.ts'
import { migrate } from '#store/database/migrate.ts'
import { openStore } from '#store/database/open.ts'
import { silentLog } from '#test/support/backends.ts'
import { freshDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'tenantry-preflight-'))
const emulator = await startEmulator({ dataDir })
after(async () => {
  await emulator.close()
  rmSync(dataDir, { recursive: true, force: true })
})
afterEach(() => emulator.reset())

const app = {
  name: 'Insights',
  publisher: 'Northwind',
  description: 'Reads.',
  permissions: [{ value: 'User.Read.All', reason: 'Reads people.' }],
}
const settings = {
  TENANTRY_CLOUD: 'emulator',
  TENANTRY_CLIENT_ID: DEMO.appId,
  TENANTRY_HOME_TENANT_ID: DEMO.home,
  TENANTRY_CLIENT_SECRET: DEMO.secret,
  TENANTRY_EMULATOR_ORIGIN: emulator.origin,
  TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
  TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
}
const look = async (change: Record<string, string> = {}) => {
  const { mistakes, doubts } = await preflight(readConfig({ ...settings, ...change }, app), silentLog)
  return { mistakes: mistakes.map(({ setting }) => setting), doubts: doubts.map(({ setting }) => setting) }
}
const NOTHING = { mistakes: [], doubts: [] }

/** A database as `tenantry migrate` leaves it. */
async function migratedDatabase(): Promise<string> {
  const databaseUrl = await freshDatabase()
  await using store = await openStore({ databaseUrl, dataDir, clock: systemClock, log: silentLog })
  await migrate(store)
  return databaseUrl
}

test('nothing is said of a configuration that works', async () => {
  assert.deepEqual(await look(), NOTHING)
})

test('everything that is wrong is told at once', async () => {
  const change = { TENANTRY_CLIENT_SECRET: 'wrong', TENANTRY_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' }
  assert.deepEqual(await look(change), { mistakes: ['TENANTRY_DATABASE_URL', 'TENANTRY_CLIENT_SECRET'], doubts: [] })
})

test('R07 a database without our schema, or with an older one, is found before a process is started on it', async () => {
  const databaseUrl = await freshDatabase()
  const told = async () => {
    const { mistakes } = await preflight(
      readConfig({ ...settings, TENANTRY_DATABASE_URL: databaseUrl }, app),
      silentLog,
    )
    return mistakes.map(({ setting, message, nextStep }) => `${setting}: ${message} ${nextStep}`)
  }
  const next = 'Run `tenantry migrate`, then start again.'
  assert.deepEqual(await told(), [`TENANTRY_DATABASE_URL: The database has no schema of Tenantry’s yet. ${next}`])
  {
    await using store = await openStore({ databaseUrl, dataDir, clock: systemClock, log: silentLog })
    await migrate(store)
  }
  assert.deepEqual(await told(), [])
  await withClient(databaseUrl, (client) =>
    client.query(
      'delete from tenantry.kysely_migration where name = (select max(name) from tenantry.kysely_migration)',
    ),
  )
  assert.deepEqual(await told(), [`TENANTRY_DATABASE_URL: The database’s schema is older than this program. ${next}`])
})

test('A02 a database user whom row-level security does not bind is a mistake, and so is one that may bypass it', async () => {
  const databaseUrl = await migratedDatabase()
  assert.deepEqual(await look({ TENANTRY_DATABASE_URL: databaseUrl }), NOTHING)
  const reading = readConfig({ ...settings, TENANTRY_DATABASE_URL: await seeingEverything(databaseUrl) }, app)
  const { mistakes } = await preflight(reading, silentLog)
  assert.deepEqual(
    mistakes.map(({ setting }) => setting),
    ['TENANTRY_DATABASE_URL'],
  )
  assert.match(mistakes[0]?.message ?? '', /postgres is a superuser: row-level security.* is not in force/)
  assert.match(mistakes[0]?.nextStep ?? '', /create role/)

  const login = `t_${randomUUID().replaceAll('-', '')}`
  const { password } = new URL(databaseUrl)
  await withClient(await seeingEverything(databaseUrl), (client) =>
    client.query(`create role ${login} login bypassrls password '${password}'`),
  )
  const bypassing = Object.assign(new URL(databaseUrl), { username: login }).href
  assert.deepEqual((await look({ TENANTRY_DATABASE_URL: bypassing })).mistakes, ['TENANTRY_DATABASE_URL'])
})

test('R10 a clock that is not the database’s is doubted, and told by how many minutes', async () => {
  const reading = readConfig({ ...settings, TENANTRY_DATABASE_URL: await migratedDatabase() }, app)
  const told = async (seconds: number) => {
    const clock = { ...systemClock, now: () => new Date(Date.now() + seconds * 1_000) }
    const { mistakes, doubts } = await preflight(reading, silentLog, clock)
    assert.deepEqual(mistakes, [])
    return doubts.map(({ setting, message }) => `${setting}: ${message}`)
  }
  const clockOf = 'TENANTRY_DATABASE_URL: The clock of this machine is'
  assert.deepEqual(await told(2 * 3_600), [`${clockOf} 120 minutes ahead of the database server’s.`])
  assert.deepEqual(await told(-110), [`${clockOf} 2 minutes behind the database server’s.`])
  assert.deepEqual(await told(20), [])
})

test('each mistake names the setting that is wrong', async () => {
  const unknown = '99999999-9999-4999-8999-999999999999'
  assert.deepEqual((await look({ TENANTRY_HOME_TENANT_ID: unknown })).mistakes, ['TENANTRY_HOME_TENANT_ID'])
  emulator.clock.advance({ days: 3 * 365 })
  assert.deepEqual((await look()).mistakes, ['TENANTRY_CLIENT_SECRET'])
})

test('S14 an authority that announces other addresses is doubted, and nothing is sent there', async () => {
  emulator.mischief.say('discovery.tokenEndpoint=foreign')
  assert.deepEqual(await look(), { mistakes: [], doubts: ['TENANTRY_CLOUD'] })
})

test('a bad day of Microsoft’s is a doubt, not a mistake', async () => {
  emulator.mischief.add({ at: 'token', answer: { status: 503 } })
  assert.deepEqual((await look()).mistakes, [])
  assert.equal((await look()).doubts.length, 1)
  emulator.mischief.clear()
  emulator.mischief.add({ at: 'discovery', answer: { status: 200, body: '<html>' } })
  assert.deepEqual(await look(), { mistakes: [], doubts: ['TENANTRY_CLOUD'] })
})

test('R08 a credential that ends within thirty days is doubted, and told with the days that are left', async () => {
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  const reading = readConfig({ ...settings, TENANTRY_CLIENT_SECRET_EXPIRES_ON: inDays(11) }, app)
  const { mistakes, doubts } = await preflight(reading, silentLog)
  assert.deepEqual([mistakes, doubts.map(({ setting }) => setting)], [[], ['TENANTRY_CLIENT_SECRET']])
  assert.match(doubts[0]?.message ?? '', /ends in 10 days/)
  assert.deepEqual(await look({ TENANTRY_CLIENT_SECRET_EXPIRES_ON: inDays(40) }), NOTHING)
})
