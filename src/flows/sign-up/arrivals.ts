import type { TenantId } from '#model/ids.ts'
import type { ResourceCounts } from '#model/resource.ts'
import { type ShownKind, shownKinds } from '#model/resources-of.ts'
import type { SyncRun } from '#model/sync-run.ts'
import type { Tenant } from '#model/tenant.ts'
import { asTenant } from '#store/database/open.ts'
import { countResources, newestResources } from '#store/resources.ts'
import { latestRun } from '#store/sync-runs.ts'
import { findTenant } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

const NEWEST = 8

export type Arrivals = {
  tenant: Tenant
  run: SyncRun | null
  counts: ResourceCounts
  kinds: readonly ShownKind[]
  newest: readonly { displayName: string | null }[]
}

/** What has been read of a tenant so far, for the page that its administrator watches. Null when there is no such tenant. */
export const arrivals = (
  { store, config }: Pick<Tools, 'store' | 'config'>,
  tenantId: TenantId,
): Promise<Arrivals | null> =>
  asTenant(store, tenantId, async (sql) => {
    const tenant = await findTenant(sql, tenantId)
    if (!tenant) return null
    const counts = await countResources(sql)
    return {
      tenant,
      run: await latestRun(sql),
      counts,
      kinds: shownKinds(config.app, counts),
      newest: await newestResources(sql, 'user', NEWEST),
    }
  })
