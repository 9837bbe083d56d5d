import type { Access } from '#flows/tenants/verify-access.ts'
import { bringForward } from '#jobs/bring-forward.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { ProvenAdministrator } from '#model/administrator.ts'
import type { SignUpId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { asTenant } from '#store/database/open.ts'
import { saveGrants } from '#store/grants.ts'
import { connectSignUp } from '#store/sign-ups.ts'
import { lockTenant, connectTenant as saveConnectedTenant } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

export type Connection = {
  signUpId: SignUpId
  administrator: ProvenAdministrator
  displayName: string
  defaultDomain: string | null
  access: Access
}

/**
 * The tenant and its first job are saved together: there is no moment in which a tenant exists and nobody will ever read
 * it. A tenant that was here before comes back under the same ids, with its data. One that an operator has paused stays
 * paused, also when he does so at this moment. A sign-up does it once: whoever comes to this end a second time, be it after
 * the tenant has left, changes nothing.
 * @throws Problem STATE_MOVE_REFUSED
 */
export async function connectTenant(
  { config, store, jobs }: Pick<Tools, 'config' | 'store' | 'jobs'>,
  { signUpId, administrator, displayName, defaultDomain, access }: Connection,
): Promise<void> {
  const { tenantId, objectId } = administrator
  const actor = `administrator:${objectId}`
  const isNew = await asTenant(store, tenantId, async (sql) => {
    if ((await lockTenant(sql, tenantId))?.state === 'suspended') throw paused()
    if ((await connectSignUp(sql, signUpId)) === 'connected-already') return false
    await saveConnectedTenant(sql, {
      displayName,
      defaultDomain,
      servicePrincipalId: access.token.servicePrincipalId,
      actor,
    })
    await saveGrants(
      sql,
      config.app.permissions.map(({ value }) => ({ permission: value, status: 'granted' })),
    )
    await addAudit(sql, { tenantId, actor, action: 'sign-up.connected', detail: { roles: access.token.roles } })
    await enqueue(jobs, sql, 'sync-tenant', { tenantId })
    return true
  })
  if (isNew) await bringForward(jobs, 'sync-tenant', { tenantId })
}

const paused = () =>
  new Problem({
    code: 'STATE_MOVE_REFUSED',
    owner: 'operator',
    message: 'An operator has paused the work for this tenant.',
    nextStep: 'Resume it in the console or with `tenantry tenants resume`; nothing has to be granted again.',
    retry: 'never',
    confidence: 'certain',
  })
