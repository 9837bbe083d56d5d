import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { addAudit, listAudit } from '#store/audit.ts'
import { listCursors, saveCursor } from '#store/cursors.ts'
import { type AnySql, asFleet, asFleetFor, asTenant, type Store, type TenantSql } from '#store/database/open.ts'
import { listGrants, saveGrants } from '#store/grants.ts'
import { openIncident } from '#store/incidents.ts'
import { saveCheckpoint } from '#store/job-checkpoints.ts'
import { applyPage, countResources, listResources, removeResources } from '#store/resources.ts'
import { addSignUp, findSignUp, updateSignUp } from '#store/sign-ups.ts'
import { finishRun, latestRun, listRuns, startRun } from '#store/sync-runs.ts'
import { findTenant } from '#store/tenants.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { aDiagnosis, aResource, aTenant, madeUp } from '#test/support/made-up.ts'
import { upsertResources } from '#test/support/upsert-resources.ts'

/** Each table that holds tenants' rows, and its column that says whose. The first test notices one that is missing here. */
const OWNED = {
  tenants: 'id',
  sign_ups: 'tenant_id',
  grants: 'tenant_id',
  resources: 'tenant_id',
  group_members: 'tenant_id',
  sync_cursors: 'tenant_id',
  sync_runs: 'tenant_id',
  latest_ends: 'tenant_id',
  job_schedules: 'tenant_id',
  job_checkpoints: 'tenant_id',
  audit: 'tenant_id',
  incidents: 'tenant_id',
} as const
/** Tables in which nothing is a customer's; the last is its owner's alone. */
const NOBODYS = ['buckets', 'planned_jobs', 'signing_key']
const ROLES = ['tenantry_author', 'tenantry_fleet', 'tenantry_tenant']
const TABLES = Object.entries(OWNED)

/** A tenant with a row in every table. */
async function aFullTenant(store: Store) {
  const id = await aTenant(store)
  const [runId, signUpId, user] = [madeUp.runId(), madeUp.signUpId(), aResource('user', `Of ${id}`)]
  const generation = madeUp.generationId()
  await asTenant(store, id, async (handle) => {
    await saveGrants(handle, [{ permission: 'User.Read.All', status: 'granted' }])
    await startRun(handle, { id: runId })
    const { id: ended } = await startRun(handle, { id: madeUp.runId(), job: 'a-job' })
    await finishRun(handle, ended, { state: 'succeeded', diagnosis: null })
    await upsertResources(handle, generation, [user])
    const changed = { ids: [], json: '{}' }
    await applyPage(
      handle,
      { kind: 'user', key: 'id', generation },
      {
        changed,
        removed: [],
        members: [{ groupId: madeUp.objectId(), memberId: user.id, memberType: 'user', removed: false }],
      },
    )
    await saveCursor(handle, {
      kind: 'user',
      generation,
      fingerprint: null,
      nextLink: null,
      deltaLink: null,
      deltaAt: null,
      removedInRound: 0,
      removalsAllowed: false,
      finishedInRun: runId,
      counted: null,
      trail: { pages: 0, milestone: null },
      keptAt: null,
    })
    await saveCheckpoint(handle, 'a-job', { at: 1 })
    await handle.db
      .insertInto('tenantry.job_schedules')
      .values({ tenant_id: id, job: 'a-job', due_at: handle.at })
      .execute()
  })
  await asFleet(store, async (handle) => {
    await addSignUp(handle, { id: signUpId, stateHash: signUpId, invitedTenantId: null, validMinutes: 10 })
    await updateSignUp(handle, signUpId, { tenantId: id })
    await openIncident(handle, { tenantId: id, diagnosis: aDiagnosis(), holds: false })
  })
  return { id, runId, signUpId, user, generation }
}

const rowsOf = async ({ db }: Pick<AnySql, 'db'>, table: string, where = sql`true`) =>
  (await sql<Record<string, unknown>>`select * from tenantry.${sql.id(table)} where ${where}`.execute(db)).rows

const DENIED = /row-level security|permission denied/

const NONE = { organization: 0, subscribedSku: 0, user: 0, group: 0, servicePrincipal: 0 }

forEachBackend(({ store: shared }) => {
  test('A02 every table is under row-level security, its owner too', async () => {
    const { rows } = await sql<{ table: string; enabled: boolean; forced: boolean }>`
      select relname as table, relrowsecurity as enabled, relforcerowsecurity as forced
      from pg_class where relnamespace = 'tenantry'::regnamespace and relkind in ('r', 'p', 'v', 'm')
        and relname not like 'kysely%' and relname <> all(${NOBODYS}) order by relname`.execute((await shared()).kysely)
    assert.deepEqual(
      rows,
      Object.keys(OWNED)
        .sort()
        .map((table) => ({ table, enabled: true, forced: true })),
    )
  })

  test('A02 the roles that work is done under cannot log in, bypass anything, or become one another', async () => {
    const { kysely } = await shared()
    const { rows } = await sql<Record<string, unknown>>`
      select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
      from pg_roles where rolname = any(${ROLES}) order by rolname`.execute(kysely)
    const powerless = {
      rolcanlogin: false,
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
    }
    assert.deepEqual(
      rows,
      ROLES.map((rolname) => ({ rolname, ...powerless })),
    )
    const members = await sql`
      select from pg_auth_members where member in (select oid from pg_roles where rolname = any(${ROLES}))`.execute(
      kysely,
    )
    assert.equal(members.rows.length, 0)
    const readers = await sql`
      select from pg_roles where rolname = any(${ROLES}) and (has_table_privilege(oid, 'tenantry.signing_key', 'select, update')
        or has_function_privilege(oid, 'tenantry.sign_tenant(text)', 'execute') or has_schema_privilege(oid, 'tenantry', 'create'))`.execute(
      kysely,
    )
    assert.equal(readers.rows.length, 0)
  })

  test('A02 a tenant sees its own rows of every table and none of another, whatever it asks', async () => {
    const store = await shared()
    const [a, b] = [await aFullTenant(store), await aFullTenant(store)]
    await asTenant(store, a.id, async (handle) => {
      for (const [table, column] of TABLES) {
        const rows = await rowsOf(handle, table)
        assert.ok(rows.length > 0, `${table} has rows of its own`)
        assert.ok(
          rows.every((row) => row[column] === a.id),
          `${table} shows nothing else`,
        )
        assert.deepEqual(await rowsOf(handle, table, sql`${sql.id(column)} = ${b.id}`), [], table)
      }
      assert.equal(await findTenant(handle, b.id), null)
      assert.equal(await findSignUp(handle, b.signUpId), null)
      assert.deepEqual(await countResources(handle), { ...NONE, user: 1, group: 0 })
      assert.deepEqual(
        (await listResources(handle, { kind: 'user', limit: 10 })).map(({ id }) => id),
        [a.user.id],
      )
      assert.ok((await listRuns(handle, { limit: 10 })).every((run) => run.tenantId === a.id))
      assert.ok((await listAudit(handle, { limit: 100 })).every((entry) => entry.tenantId === a.id))
    })
  })

  test('A02 a tenant can neither write nor take rows in the name of another', async () => {
    const store = await shared()
    const [a, b] = [await aFullTenant(store), await aFullTenant(store)]
    // A handle whose id was mixed up on the way: the database still knows whose transaction it is.
    const asAForB = (work: (handle: TenantSql) => Promise<unknown>) =>
      asTenant(store, a.id, (handle) => work({ ...handle, tenantId: b.id }))
    const writes: Record<string, (handle: TenantSql) => Promise<unknown>> = {
      resources: (handle) => upsertResources(handle, b.generation, [aResource('user', 'Intruder')]),
      'a resource that is there': (handle) =>
        upsertResources(handle, b.generation, [{ ...b.user, displayName: 'Changed' }]),
      grants: (handle) => saveGrants(handle, [{ permission: 'Mail.Read', status: 'granted' }]),
      runs: (handle) => startRun(handle, { id: madeUp.runId() }),
      audit: (handle) => addAudit(handle, { tenantId: b.id, actor: 'daemon', action: 'forged' }),
      'the row of another': ({ db }) => sql`update tenantry.resources set tenant_id = ${b.id}`.execute(db),
    }
    for (const [what, write] of Object.entries(writes)) await assert.rejects(asAForB(write), DENIED, what)

    for (const [table, column] of TABLES)
      for (const statement of [
        sql`update tenantry.${sql.id(table)} set ${sql.id(column)} = ${sql.id(column)} where ${sql.id(column)} = ${b.id}`,
        sql`delete from tenantry.${sql.id(table)} where ${sql.id(column)} = ${b.id}`,
      ]) {
        const touched = asTenant(store, a.id, ({ db }) => statement.execute(db)).then(
          ({ numAffectedRows }) => Number(numAffectedRows ?? 0),
          (error: Error) => (DENIED.test(error.message) ? 0 : Promise.reject(error)),
        )
        assert.equal(await touched, 0, table)
      }
    await asTenant(store, a.id, async (handle) => {
      await finishRun(handle, b.runId, { state: 'failed', diagnosis: null })
      await removeResources(handle)
    })

    await asTenant(store, b.id, async (handle) => {
      assert.deepEqual(await listResources(handle, { kind: 'user', limit: 10 }), [b.user])
      assert.deepEqual(
        (await listGrants(handle)).map(({ permission }) => permission),
        ['User.Read.All'],
      )
      assert.equal((await latestRun(handle))?.state, 'running')
      assert.ok((await listAudit(handle, { limit: 10 })).every(({ action }) => action !== 'forged'))
    })
  })

  test('A02 without a tenant there is nothing to see and nothing to write', async () => {
    const store = await shared()
    const { id } = await aFullTenant(store)
    const asNobody = <Value>(work: (handle: Pick<AnySql, 'db'>) => Promise<Value>) =>
      store.kysely.transaction().execute(async (db) => {
        await sql`set local role tenantry_tenant`.execute(db)
        return work({ db })
      })
    for (const [table] of TABLES) assert.deepEqual(await asNobody((handle) => rowsOf(handle, table)), [], table)
    const handle = { at: sql`now()`, tenantId: id } as TenantSql
    await assert.rejects(
      asNobody(({ db }) => upsertResources({ ...handle, db }, madeUp.generationId(), [aResource('user', 'Nobody’s')])),
      DENIED,
    )
    for (const nonsense of ['', 'not-a-guid', "' or true --"])
      await assert.rejects(
        asTenant(store, nonsense as typeof id, async (confused) => {
          assert.deepEqual(await rowsOf(confused, 'resources'), [])
          throw new Error('nothing to see')
        }),
        /nothing to see|invalid input syntax for type uuid/,
      )
  })

  test('A02 the fleet sees every tenant’s state but not what was copied from its directory', async () => {
    const store = await shared()
    const [a, b] = [await aFullTenant(store), await aFullTenant(store)]
    await asFleet(store, async (handle) => {
      for (const { id } of [a, b]) assert.equal((await findTenant(handle, id))?.id, id)
    })
    for (const statement of [
      sql`select from tenantry.resources`,
      sql`insert into tenantry.resources select * from tenantry.resources`,
      sql`delete from tenantry.resources`,
      sql`delete from tenantry.tenants`,
    ])
      await assert.rejects(
        asFleet(store, ({ db }) => statement.execute(db)),
        /permission denied/,
      )
  })

  test('A02 the fleet sees where reading goes on only in tenants that it names, and adds or removes nothing there', async () => {
    const store = await shared()
    const [a, b, c] = [await aFullTenant(store), await aFullTenant(store), await aFullTenant(store)]
    assert.deepEqual(await asFleet(store, (handle) => rowsOf(handle, 'sync_cursors')), [])
    await asFleetFor(store, [a.id, b.id], async (handle) => {
      const owners = (await rowsOf(handle, 'sync_cursors')).map(({ tenant_id }) => tenant_id)
      assert.deepEqual(new Set(owners), new Set([a.id, b.id]))
      const moved = await sql`update tenantry.sync_cursors set delta_link = 'moved'`.execute(handle.db)
      assert.equal(Number(moved.numAffectedRows), 2)
    })
    assert.equal((await asTenant(store, c.id, listCursors))[0]?.deltaLink, null)
    for (const statement of [
      sql`select from tenantry.resources`,
      sql`select from tenantry.group_members`,
      sql`delete from tenantry.sync_cursors`,
      sql`insert into tenantry.sync_cursors select * from tenantry.sync_cursors`,
      sql`update tenantry.sync_cursors set tenant_id = ${c.id}`,
      sql`update tenantry.sync_cursors set generation = ${a.generation}`,
    ])
      await assert.rejects(
        asFleetFor(store, [a.id, b.id], ({ db }) => statement.execute(db)),
        /permission denied/,
      )
  })

  test('A02 nobody changes or removes a line of the audit', async () => {
    const store = await shared()
    const { id } = await aFullTenant(store)
    for (const statement of [
      sql`update tenantry.audit set actor = 'somebody else'`,
      sql`delete from tenantry.audit`,
      sql`truncate tenantry.audit`,
    ]) {
      await assert.rejects(
        asTenant(store, id, ({ db }) => statement.execute(db)),
        /permission denied/,
      )
    }
    for (const statement of [sql`update tenantry.audit set actor = 'somebody else'`, sql`truncate tenantry.audit`])
      await assert.rejects(
        asFleet(store, ({ db }) => statement.execute(db)),
        /permission denied/,
      )
  })

  test('A02 of the audit only refused sign-ups can be removed, none before its time, and only by the fleet', async () => {
    const store = await shared()
    const { id } = await aFullTenant(store)
    const write = (days: number, action: string, tenantId: typeof id | null) =>
      asFleet(store, (handle) =>
        addAudit(
          { ...handle, at: sql<Date>`now() - make_interval(hours => ${24 * days}::int)` },
          { tenantId, actor: 'somebody', action, detail: { days } },
        ),
      )
    await write(31, 'sign-up.rejected', null)
    await write(29, 'sign-up.rejected', null)
    await write(31, 'sign-up.rejected', id)
    await write(31, 'console.refused', null)
    await assert.rejects(
      asTenant(store, id, ({ db }) => sql`delete from tenantry.audit`.execute(db)),
      /permission denied/,
    )
    const all = () => asFleet(store, (handle) => listAudit(handle, { limit: 100_000 }))
    const before = await all()
    await asFleet(store, ({ db }) => sql`delete from tenantry.audit`.execute(db))
    const left = new Set((await all()).map((line) => JSON.stringify(line)))
    const gone = before.filter((line) => !left.has(JSON.stringify(line)))
    assert.deepEqual(
      gone.map(({ action, tenantId, detail }) => [action, tenantId, detail.days]),
      [['sign-up.rejected', null, 31]],
    )
  })

  test('A02 neither the role nor the tenant of a transaction outlives it, also when it fails', async () => {
    const store = await shared()
    const { id } = await aFullTenant(store)
    const leftOver = async () => {
      const seen = await Promise.all(
        Array.from({ length: 12 }, () =>
          sql<{ role: boolean; tenant: string | null }>`
            select current_user <> session_user as role, nullif(current_setting('tenantry.tenant_id', true), '') as tenant`.execute(
            store.kysely,
          ),
        ),
      )
      return seen.flatMap(({ rows }) => rows).filter(({ role, tenant }) => role || tenant !== null)
    }
    const work = Array.from({ length: 12 }, (_, index) =>
      asTenant(store, id, async (handle) => {
        assert.equal((await rowsOf(handle, 'resources')).length, 1)
        if (index % 2) throw new Error('broken off')
      }),
    )
    const outcomes = await Promise.allSettled(work)
    assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 6)
    assert.deepEqual(await leftOver(), [])
  })

  test('A02 tenants that work at the same time on the same connections never meet', async () => {
    const store = await shared()
    const tenants = await Promise.all(Array.from({ length: 8 }, () => aFullTenant(store)))
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const { id, user } = tenants[index % tenants.length] as (typeof tenants)[number]
        return asTenant(store, id, async (handle) => {
          const seen = await listResources(handle, { kind: 'user', limit: 100 })
          assert.deepEqual(
            seen.map((resource) => resource.id),
            [user.id],
          )
        })
      }),
    )
  })

  test('A02 the login that owns the tables sees no row and writes none unless it has taken a role, whatever it sets', async () => {
    const store = await shared()
    const { id } = await aFullTenant(store)
    const { rows } = await sql<{ superuser: boolean; bypasses: boolean }>`
      select rolsuper as superuser, rolbypassrls as bypasses from pg_roles where rolname = current_user`.execute(
      store.kysely,
    )
    assert.deepEqual(rows, [{ superuser: false, bypasses: false }])
    await store.kysely.transaction().execute(async (db) => {
      await sql`select set_config('tenantry.tenant_id', ${id}, true), set_config('tenantry.tenant_ids', ${`{${id}}`}, true)`.execute(
        db,
      )
      for (const [table, column] of TABLES) {
        assert.deepEqual(await rowsOf({ db }, table), [], table)
        const changed = await sql`update tenantry.${sql.id(table)} set ${sql.id(column)} = ${sql.id(column)}`.execute(
          db,
        )
        assert.equal(Number(changed.numAffectedRows), 0, table)
      }
    })
  })
})
