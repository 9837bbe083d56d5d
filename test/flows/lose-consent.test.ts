import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loseConsent } from '#flows/tenants/lose-consent.ts'
import { pauseTenant } from '#flows/tenants/pause-tenant.ts'
import { verifyTenant } from '#flows/tenants/verify-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem, type ProblemCode } from '#model/problem.ts'
import { asFleet } from '#store/database/open.ts'
import { findTenant } from '#store/tenants.ts'
import { openFleet } from '#test/support/fleet.ts'
import { aDiagnosis } from '#test/support/made-up.ts'
import { freshDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'
import { waitingForLocks } from '#test/support/waiting-for-locks.ts'

const databaseUrl = await freshDatabase()
const fleet = await openFleet({ tenants: 2, users: 1, groups: 0, databaseUrl })
test.after(() => fleet[Symbol.asyncDispose]())
const { emulator, tools } = fleet
const [paused, other] = fleet.tenantIds as [TenantId, TenantId]
const actor = 'operator:test'
const stateOf = (id: TenantId) => asFleet(tools.store, async (sql) => (await findTenant(sql, id))?.state)
const lose = (tenantId: TenantId, code: ProblemCode) =>
  loseConsent(tools, { tenantId, actor, error: new Problem(aDiagnosis({ code })) })

test('what an operator has paused stays paused, whatever is found out about it', async () => {
  await pauseTenant(tools, { tenantId: paused, actor, reason: 'a dispute' })
  for (const code of ['PERMISSION_MISSING', 'CONSENT_MISSING'] as const) {
    assert.equal(await lose(paused, code), null)
    assert.equal(await stateOf(paused), 'suspended')
  }
  await emulator.directory.deleteServicePrincipal({ tenant: paused, app: tools.config.clientId })
  const { tenant, diagnosis } = await verifyTenant(tools, { tenantId: paused, actor })
  assert.deepEqual([tenant.state, diagnosis?.code], ['suspended', 'SERVICE_PRINCIPAL_MISSING'])
})

test('of an operator who pauses a tenant and a loss that is noticed in the same moment the operator has the last word', async () => {
  await withClient(await seeingEverything(databaseUrl), async (client) => {
    await client.query('begin')
    await client.query(`update tenantry.tenants set state = 'suspended' where id = $1`, [other])
    const lost = lose(other, 'PERMISSION_MISSING')
    await until('it waits for the tenant', async () => (await waitingForLocks(client)).length === 1)
    await client.query('commit')
    assert.equal(await lost, null)
  })
  assert.equal(await stateOf(other), 'suspended')
})
