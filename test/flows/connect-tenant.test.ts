import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectTenant } from '#flows/tenants/connect-tenant.ts'
import { verifyAccess } from '#flows/tenants/verify-access.ts'
import type { ProvenAdministrator } from '#model/administrator.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { findTenant } from '#store/tenants.ts'
import { openFleet } from '#test/support/fleet.ts'
import { madeUp } from '#test/support/made-up.ts'
import { freshDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { refusedWith } from '#test/support/problem.ts'
import { until } from '#test/support/until.ts'
import { waitingForLocks } from '#test/support/waiting-for-locks.ts'

const databaseUrl = await freshDatabase()
const fleet = await openFleet({ tenants: 1, users: 1, groups: 0, databaseUrl })
test.after(() => fleet[Symbol.asyncDispose]())
const { tools } = fleet
const [tenantId] = fleet.tenantIds as [TenantId]

test('of an operator who pauses a tenant and a sign-up that ends in the same moment the operator has the last word', async () => {
  const access = await verifyAccess(tools, tenantId)
  await withClient(await seeingEverything(databaseUrl), async (client) => {
    await client.query('begin')
    await client.query(`update tenantry.tenants set state = 'suspended' where id = $1`, [tenantId])
    const refused = refusedWith('STATE_MOVE_REFUSED', () =>
      connectTenant(tools, {
        signUpId: madeUp.signUpId(),
        administrator: { tenantId, objectId: madeUp.objectId() } as ProvenAdministrator,
        displayName: 'Fabrikam',
        defaultDomain: null,
        access,
      }),
    )
    await until('it waits for the tenant', async () => (await waitingForLocks(client)).length === 1)
    await client.query('commit')
    await refused
  })
  assert.equal((await asFleet(tools.store, (sql) => findTenant(sql, tenantId)))?.state, 'suspended')
})
