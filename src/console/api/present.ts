import type { Lagging } from '#flows/fleet/list-lagging.ts'
import type { GivenUp } from '#flows/queue/list-given-up.ts'
import type { ListedJob } from '#flows/queue/list-jobs.ts'
import type { TenantJob } from '#flows/queue/list-tenant-jobs.ts'
import type { JobUnderWay, QueueDepth } from '#jobs/inspect.ts'
import type { Worker } from '#jobs/workers.ts'
import { type CredentialListing, daysLeft } from '#model/credential.ts'
import type { Incident } from '#model/incident.ts'
import type { SyncRun } from '#model/sync-run.ts'
import type { Tenant } from '#model/tenant.ts'
import type { AuditEntry, AuditPage } from '#store/audit.ts'

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

const presentAudit = (entry: AuditEntry): Presented<AuditEntry> => ({ ...entry, at: entry.at.toISOString() })

export const presentAuditPage = ({ entries, next }: AuditPage) => ({ audit: entries.map(presentAudit), next })

export const presentTenantJob = ({ nextDueAt, lastRun, ...job }: TenantJob) => ({
  ...job,
  nextDueAt: text(nextDueAt),
  lastRun: lastRun && presentRun(lastRun),
})

export const presentJob = ({ permissions, planned, ...job }: ListedJob) => ({
  ...job,
  permissions: [...permissions],
  planned: planned && { ...planned, nextDueAt: text(planned.nextDueAt) },
})

export const presentWorker = (worker: Worker): Presented<Worker> => ({
  ...worker,
  startedAt: worker.startedAt.toISOString(),
  heardAt: worker.heardAt.toISOString(),
})

export const presentUnderWay = (job: JobUnderWay): Presented<JobUnderWay> => ({
  ...job,
  beganAt: job.beganAt.toISOString(),
})

export const presentDeadLetter = (letter: GivenUp): Presented<GivenUp> => ({
  ...letter,
  diedAt: letter.diedAt.toISOString(),
})

export const presentIncident = (incident: Incident): Presented<Omit<Incident, 'hosts'>> & { hosts: string[] } => ({
  ...incident,
  hosts: [...incident.hosts],
  openedAt: incident.openedAt.toISOString(),
  lastAt: incident.lastAt.toISOString(),
  closedAt: text(incident.closedAt),
})

export const presentCredential = (credential: CredentialListing, now: Date) => ({
  ...credential,
  beginsAt: text(credential.beginsAt),
  expiresAt: text(credential.expiresAt),
  daysLeft: credential.expiresAt && daysLeft(credential.expiresAt, now),
})

export const presentLagging = (tenant: Lagging): Presented<Lagging> => ({
  ...tenant,
  readAt: text(tenant.readAt),
  dueAt: text(tenant.dueAt),
})

export const presentQueue = (depth: QueueDepth): Presented<QueueDepth> => ({
  ...depth,
  oldestDueAt: text(depth.oldestDueAt),
})
