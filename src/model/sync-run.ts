import type { RunId, TenantId } from '#model/ids.ts'
import type { Diagnosis } from '#model/problem.ts'

/** One attempt to read a tenant's directory. */
export type SyncRun = {
  id: RunId
  tenantId: TenantId
  state: 'running' | 'succeeded' | 'failed' | 'interrupted'
  startedAt: Date
  finishedAt: Date | null
  pages: number
  /** Objects written, by kind. */
  users: number
  groups: number
  /** Objects that were there before and are no longer in the directory. */
  removed: number
  diagnosis: Diagnosis | null
}
