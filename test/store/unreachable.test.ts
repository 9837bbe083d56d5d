import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { sql as raw } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { lendFrom } from '#store/buckets.ts'
import { migrate } from '#store/database/migrate.ts'
import { type AnySql, asAuthor, asFleet, asTenant, openStore, type TenantSql } from '#store/database/open.ts'
import { pingStore } from '#store/database/ping-store.ts'
import { countTenantsByState, lockTenant } from '#store/tenants.ts'
import { silentLog } from '#test/support/backends.ts'
import { aResource, aTenant, madeUp } from '#test/support/made-up.ts'
import { closeDatabase, freshDatabase, seeingEverything, startPostgres, withClient } from '#test/support/postgres.ts'
import { refusedWith } from '#test/support/problem.ts'
import { until } from '#test/support/until.ts'
import { upsertResources } from '#test/support/upsert-resources.ts'
import { waitingForLocks } from '#test/support/waiting-for-locks.ts'

const open = (databaseUrl: string) => openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog })

/** A server that takes a connection and never says a word. */
async function silentPort(t: TestContext): Promise<number> {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address ? address.port : assert.fail()
}

const FAULTS: Record<
  string,
  { url: (good: URL, t: TestContext) => Partial<URL> | Promise<Partial<URL>>; reason: RegExp }
> = {
  'nothing listens there': { url: () => ({ port: '1' }), reason: /ECONNREFUSED/ },
  'no machine has that name': { url: () => ({ hostname: 'db.invalid' }), reason: /db\.invalid:\d+ .*\(E\w+\)/ },
  'the password is wrong': { url: () => ({ password: 'Canary-7f' }), reason: /28P01/ },
  'there is no such database': { url: () => ({ pathname: '/nowhere' }), reason: /nowhere .*3D000/ },
  'whoever listens is silent': { url: async (_, t) => ({ port: String(await silentPort(t)) }), reason: /no answer/ },
}

for (const [title, { url, reason }] of Object.entries(FAULTS))
  test(`R04 a database that cannot be used is told in words: ${title}`, async (t) => {
    const good = new URL(await freshDatabase())
    const bad = Object.assign(new URL(good), await url(good, t))
    const diagnosis = await refusedWith('DATABASE_UNREACHABLE', () => open(bad.href))
    assert.equal(diagnosis.owner, 'operator')
    assert.match(diagnosis.message, reason)
    assert.match(diagnosis.nextStep, /TENANTRY_DATABASE_URL/)
    const told = JSON.stringify(diagnosis)
    for (const secret of [good.password, bad.password]) assert.ok(!told.includes(secret), 'no password is told')
  })

test('A02 where the role of a transaction is refused nothing is done, and that it is refused is what is told', async (t) => {
  const url = new URL(await freshDatabase())
  const admin = await seeingEverything(url.href)
  const lonely = `lonely_${madeUp.tenantId().replaceAll('-', '')}`
  await withClient(admin, async (client) => {
    await client.query(`create role ${lonely} login password 'lonely'`)
    await client.query('create table public.written (what text)')
    await client.query('grant all on public.written to public')
  })
  const store = await open(Object.assign(url, { username: lonely, password: 'lonely' }).href)
  t.after(() => store.close())
  const write = (sql: AnySql) => raw`insert into public.written values ('x')`.execute(sql.db)
  const refused = /permission denied to set role|role "\w+" does not exist/
  await assert.rejects(asTenant(store, madeUp.tenantId(), write), refused)
  await assert.rejects(asFleet(store, write), refused)
  await withClient(admin, async (client) => {
    assert.equal((await client.query('select from public.written')).rowCount, 0)
  })
})

test('R04 what is lent of Graph’s limits, and what an author asks, tell of a database that is away as everything else does', async (t) => {
  const databaseUrl = await freshDatabase()
  const store = await open(databaseUrl)
  t.after(() => store.close())
  await migrate(store)
  await closeDatabase(databaseUrl)
  const bucket = { key: 'bucket', limit: { amount: 10, seconds: 1 }, back: 0, wanted: 1 }
  await refusedWith('DATABASE_UNREACHABLE', () => lendFrom(store, [bucket]))
  await refusedWith('DATABASE_UNREACHABLE', () => asAuthor(store, madeUp.tenantId(), async () => {}))
})

test('a store that is closed leaves no connection behind, even if nobody has used it', async () => {
  const url = await freshDatabase()
  const store = await open(url)
  await store.close()
  await until('nobody is connected any more', () =>
    withClient(url, async (client) => {
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      )
      return rows[0]?.count === 0
    }),
  )
})

test('R02 what a hung worker has locked in a transaction is given free by the server', async (t) => {
  const databaseUrl = await freshDatabase()
  const place = { databaseUrl, dataDir: '', clock: systemClock, log: silentLog }
  const [hung, other] = [await openStore({ ...place, silenceMilliseconds: 500 }), await openStore(place)]
  t.after(() => Promise.all([hung.close(), other.close()]))
  await migrate(hung)
  const tenantId = await aTenant(other)
  const user = aResource('user', 'Ada')
  const write = (sql: TenantSql) => upsertResources(sql, madeUp.generationId(), [user])
  const { promise: written, resolve: wrote } = Promise.withResolvers<void>()
  const { promise: thawed, resolve: thaw } = Promise.withResolvers<void>()
  const late = asTenant(hung, tenantId, async (sql) => {
    await write(sql)
    wrote()
    await thawed
  })
  await written
  await asTenant(other, tenantId, write)
  thaw()
  await refusedWith('DATABASE_UNREACHABLE', () => late)
})

test('R04 connections that the server cuts are replaced without a restart', async (t) => {
  const url = await freshDatabase()
  const store = await open(url)
  t.after(() => store.close())
  await migrate(store)
  await Promise.all(Array.from({ length: 5 }, () => asFleet(store, countTenantsByState)))
  await withClient(url, (client) =>
    client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    ),
  )
  await until('the store answers again', () => pingStore(store))
  assert.deepEqual(await asFleet(store, countTenantsByState), {})
})

test('R04 when the server has gone, work fails in words and the store is not ready', async (t) => {
  const server = await startPostgres()
  t.after(() => server.stop())
  const store = await open(server.adminUrl)
  t.after(() => store.close())
  await migrate(store)
  assert.equal(await pingStore(store), true)
  await server.stop()
  assert.equal(await pingStore(store), false)
  const { retry } = await refusedWith('DATABASE_UNREACHABLE', () => asFleet(store, countTenantsByState))
  assert.equal(retry, 'backoff')
})

test('R04 whoever waits for what somebody else has locked gives up in time, and so does the server: nothing stays locked for it', async () => {
  const databaseUrl = await freshDatabase()
  const place = { databaseUrl, dataDir: '', clock: systemClock, log: silentLog }
  // The server gives up after four of these seconds: the fifth is for its answer, on a machine that has other work as well.
  await using store = await openStore({ ...place, silenceMilliseconds: 5_000 })
  await migrate(store)
  const [first, held] = [await aTenant(store), await aTenant(store)]
  await withClient(await seeingEverything(databaseUrl), async (client) => {
    await client.query('begin')
    await client.query('select 1 from tenantry.tenants where id = $1 for update', [held])
    const { owner, message, nextStep } = await refusedWith('DATABASE_UNREACHABLE', () =>
      asFleet(store, async (sql) => {
        await lockTenant(sql, first)
        await lockTenant(sql, held)
      }),
    )
    assert.equal(owner, 'operator')
    assert.match(message, /\(55P03\)/)
    assert.match(nextStep, /pg_stat_activity/)
    assert.deepEqual(await waitingForLocks(client), [])
    await asTenant(store, first, (sql) => lockTenant(sql, first))
    await client.query('rollback')
  })
})
