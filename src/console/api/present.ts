import type { QueueDepth } from '#jobs/inspect.ts'
import type { SyncRun } from '#model/sync-run.ts'
import type { Tenant } from '#model/tenant.ts'
import type { AuditEntry } from '#store/audit.ts'

/** Moments as texts; everything else goes as it is. */
type Presented<Value> = {
  [Key in keyof Value]: Value[Key] extends Date ? string : Value[Key] extends Date | null ? string | null : Value[Key]
}

const text = (at: Date | null): string | null => at?.toISOString() ?? null

export const presentTenant = (tenant: Tenant): Presented<Tenant> => ({
  ...tenant,
  connectedAt: text(tenant.connectedAt),
  createdAt: tenant.createdAt.toISOString(),
  updatedAt: tenant.updatedAt.toISOString(),
})

export const presentRun = (run: SyncRun): Presented<SyncRun> => ({
  ...run,
  startedAt: run.startedAt.toISOString(),
  finishedAt: text(run.finishedAt),
})

export const presentAudit = (entry: AuditEntry): Presented<AuditEntry> => ({ ...entry, at: entry.at.toISOString() })

export const presentQueue = (depth: QueueDepth): Presented<QueueDepth> => ({
  ...depth,
  oldestDueAt: text(depth.oldestDueAt),
})
