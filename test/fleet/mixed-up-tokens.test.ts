import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sql } from 'kysely'
import { tasks } from '#daemon/tasks.ts'
import { appToken, forgetTenant } from '#entra/app-token.ts'
import { openEntra } from '#entra/open.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { verifyTenant } from '#flows/tenants/verify-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { diagnose } from '#model/problem.ts'
import { asFleet } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { openFleet } from '#test/support/fleet.ts'
import { aJobContext } from '#test/support/job-context.ts'
import { holdAnswers } from '#test/support/microsoft-gate.ts'
import { refusedWith } from '#test/support/problem.ts'
import { seeingAllRows } from '#test/support/seeing-all-rows.ts'
import { until } from '#test/support/until.ts'

const TENANTS = 20
const ROUNDS = 6
const SHARE = 0.15

const fleet = await openFleet({ tenants: TENANTS, users: 4, groups: 1 })
after(() => fleet[Symbol.asyncDispose]())
const { tools, emulator, tenantIds } = fleet
const read = tasks(tools)['sync-tenant']

const inDirectory = async (tenantId: TenantId): Promise<string[]> => {
  const { value } = (await fleet.change(tenantId, 'GET', '/users?$select=id')) as { value: { id: string }[] }
  return value.map(({ id }) => id).sort()
}
const stored = async (): Promise<Map<TenantId, string[]>> => {
  const { rows } = await seeingAllRows(tools.store, (db) =>
    sql<{ tenant_id: TenantId; ids: string[] }>`
      select tenant_id, array_agg(id::text order by id) as ids from tenantry.resources where kind = 'user' group by 1`.execute(
      db,
    ),
  )
  return new Map(rows.map(({ tenant_id, ids }) => [tenant_id, ids]))
}

test('T14 twenty tenants at once, with tokens that get mixed up: each job so hit stops before it writes, and is reported', async () => {
  emulator.mischief.set([{ word: 'apptoken.swap', probability: SHARE }], 11)
  const hits = new Map<TenantId, number>()
  const job = async (tenantId: TenantId): Promise<void> => {
    forgetTenant(tools.entra, tenantId)
    try {
      await read({ tenantId }, aJobContext(tenantId))
    } catch (error) {
      assert.equal(diagnose(error).code, 'TOKEN_OF_OTHER_TENANT')
      hits.set(tenantId, (hits.get(tenantId) ?? 0) + 1)
    }
  }
  for (let round = 0; round < ROUNDS; round += 1) await Promise.all(tenantIds.map(job))
  emulator.mischief.clear()

  assert.ok(hits.size > 3, `${hits.size} tenants were hit`)
  const incidents = await asFleet(tools.store, (handle) => listIncidents(handle, { open: true }))
  assert.deepEqual(
    new Map(incidents.map(({ tenantId, times }) => [tenantId, times])),
    hits,
    'one incident for each tenant, with the number of times',
  )
  const { rows } = await asFleet(tools.store, ({ db }) =>
    sql<{ state: string; code: string | null; written: number }>`
      select state, diagnosis ->> 'code' as code, sum(pages)::int as written from tenantry.sync_runs
      where state <> 'succeeded' group by 1, 2`.execute(db),
  )
  assert.deepEqual(rows, [{ state: 'failed', code: 'TOKEN_OF_OTHER_TENANT', written: 0 }])
  for (const [tenantId, ids] of await stored()) assert.deepEqual(ids, await inDirectory(tenantId))
  assert.equal((await stored()).size, TENANTS, 'whoever was not hit each time has been read')
})

test('T14 twenty tenants, each asked for by sixty at the same moment: of the tokens that get mixed up, one in a hundred, none is used', async () => {
  emulator.mischief.set([{ word: 'apptoken.swap', probability: 0.01 }], 5)
  emulator.requests.clear()
  // Nothing is shared: sixty processes, as far as Entra ID can tell.
  const gates = Array.from({ length: 60 }, () => openEntra(tools.entra))
  const outcomes = await Promise.all(
    gates.flatMap((entra) =>
      tenantIds.map((tenantId) =>
        appToken(entra, tenantId).then(
          ({ claims }) => (claims.tid === tenantId ? 'its own' : 'another tenant’s'),
          (error: unknown) => diagnose(error).code,
        ),
      ),
    ),
  )
  emulator.mischief.clear()
  assert.equal(emulator.requests.list({ path: '/oauth2/v2.0/token$' }).length, TENANTS * gates.length)
  assert.deepEqual(new Set(outcomes), new Set(['its own', 'TOKEN_OF_OTHER_TENANT']))
})

test('T14 a token that gets mixed up is an incident also where it comes in the moment in which the process stops', async () => {
  const hit = tenantIds[1] ?? assert.fail()
  const times = async () => {
    const incidents = await asFleet(tools.store, (handle) => listIncidents(handle, { open: true }))
    return incidents.find(({ tenantId }) => tenantId === hit)?.times ?? 0
  }
  const before = await times()
  forgetTenant(tools.entra, hit)
  emulator.mischief.set([{ at: 'apptoken', match: { tenant: hit }, word: 'apptoken.swap' }])
  const stop = new AbortController()
  using answers = holdAnswers(emulator, { name: 'POST /{id}/oauth2/v2.0/token' })
  const reading = syncTenant(tools, { tenantId: hit, signal: stop.signal })
  await until('a token is on its way', () => answers.count() === 1)
  stop.abort(new Error('The process is stopping.'))
  answers.release()
  await refusedWith('TOKEN_OF_OTHER_TENANT', () => reading)
  emulator.mischief.clear()
  assert.equal(await times(), before + 1)
})

test('T14 a token that gets mixed up where it was only asked for to settle a doubt is an incident, too', async () => {
  const { homeTenantId } = tools.config
  const doubted = tenantIds[0] ?? assert.fail()
  forgetTenant(tools.entra, doubted)
  emulator.mischief.set([
    { at: 'token', match: { tenant: doubted }, aadsts: 700_016 },
    { at: 'apptoken', match: { tenant: homeTenantId }, word: 'apptoken.swap' },
  ])
  const { diagnosis } = await verifyTenant(tools, { tenantId: doubted, actor: 'operator:test' })
  emulator.mischief.clear()
  assert.equal(diagnosis?.code, 'SERVICE_PRINCIPAL_MISSING')
  const incidents = await asFleet(tools.store, (handle) => listIncidents(handle, { open: true }))
  const atHome = incidents.find(({ tenantId }) => tenantId === homeTenantId)
  assert.equal(atHome?.code, 'TOKEN_OF_OTHER_TENANT')
})
