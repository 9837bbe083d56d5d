import type { TenantId } from '#model/ids.ts'
import type { ResourceKind } from '#model/resource.ts'
import type { SyncRun } from '#model/sync-run.ts'
import type { Tenant } from '#model/tenant.ts'
import { asTenant } from '#store/open.ts'
import { countResources, newestResources } from '#store/resources.ts'
import { latestRun } from '#store/sync-runs.ts'
import { findTenant } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

const NEWEST = 8

export type Arrivals = {
  tenant: Tenant
  run: SyncRun | null
  counts: Record<ResourceKind, number>
  newest: readonly { displayName: string | null }[]
}

/** What has been read of a tenant so far, for the page that its administrator watches. Null when there is no such tenant. */
export const arrivals = ({ store }: Pick<Tools, 'store'>, tenantId: TenantId): Promise<Arrivals | null> =>
  asTenant(store, tenantId, async (sql) => {
    const tenant = await findTenant(sql, tenantId)
    if (!tenant) return null
    return {
      tenant,
      run: await latestRun(sql),
      counts: await countResources(sql),
      newest: await newestResources(sql, 'user', NEWEST),
    }
  })
