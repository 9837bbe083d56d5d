import { knownTenant } from '#flows/tenants/verify-tenant.ts'
import { waitingReadings } from '#jobs/waiting-readings.ts'
import type { TenantId } from '#model/ids.ts'
import type { Incident } from '#model/incident.ts'
import { nextTryAt } from '#model/next-try.ts'
import type { ResourceCounts } from '#model/resource.ts'
import { type ShownKind, shownKinds } from '#model/resources-of.ts'
import type { SyncRun } from '#model/sync-run.ts'
import type { Tenant, TenantState } from '#model/tenant.ts'
import { type AuditEntry, listAudit } from '#store/audit.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { type Grant, listGrants } from '#store/grants.ts'
import { listIncidents } from '#store/incidents.ts'
import { countResources } from '#store/resources.ts'
import { listRuns } from '#store/sync-runs.ts'
import { listTenants, triesOf } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

const RECENT = 30

export type TenantQuery = { state?: TenantState; search?: string; limit?: number; after?: TenantId }
export type TenantStory = {
  tenant: Tenant
  grants: readonly Grant[]
  /** Of the directory sync, and of the app's own jobs; the latest first. */
  runs: readonly SyncRun[]
  jobRuns: readonly SyncRun[]
  audit: readonly AuditEntry[]
  counts: ResourceCounts
  /** What is read of its directory, and of what objects are left, as people are shown it. */
  kinds: readonly ShownKind[]
  /** When the daemon asks Microsoft about the tenant next by itself; null: not before somebody does something. */
  nextTryAt: Date | null
  /** The open ones about it, and those that keep everybody's work from all machines or from some. */
  incidents: readonly Incident[]
}

export const listTenantsFor = ({ store }: Pick<Tools, 'store'>, query: TenantQuery): Promise<Tenant[]> =>
  asFleet(store, (sql) => listTenants(sql, query))

/**
 * Everything an operator wants to know of one tenant.
 * @param options.counts where it was counted a short while ago: in a giant that takes long
 * @throws Problem TENANT_UNKNOWN
 */
export async function showTenant(
  { store, jobs, config }: Pick<Tools, 'store' | 'jobs' | 'config'>,
  tenantId: TenantId,
  { counts: counted }: { counts?: TenantStory['counts'] } = {},
): Promise<TenantStory> {
  const tenant = await knownTenant({ store }, tenantId)
  const incidents = await asFleet(store, (sql) => listIncidents(sql, { open: true, concerning: tenantId }))
  const waiting = await waitingReadings(jobs, [tenantId])
  return asTenant(store, tenantId, async (sql) => {
    const counts = counted ?? (await countResources(sql))
    return {
      tenant,
      grants: await listGrants(sql),
      runs: await listRuns(sql, { limit: RECENT, of: 'directory' }),
      jobRuns: await listRuns(sql, { limit: RECENT, of: 'own-jobs' }),
      audit: await listAudit(sql, { limit: RECENT }),
      counts,
      kinds: shownKinds(config.app, counts),
      nextTryAt: nextTryAt(tenant, await triesOf(sql), waiting(tenantId), config),
      incidents,
    }
  })
}

export const countStoredIn = ({ store }: Pick<Tools, 'store'>, tenantId: TenantId): Promise<TenantStory['counts']> =>
  asTenant(store, tenantId, countResources)
