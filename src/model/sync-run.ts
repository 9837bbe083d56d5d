import type { RunId, TenantId } from '#model/ids.ts'
import type { Diagnosis } from '#model/problem.ts'
import type { ResourceCounts } from '#model/resource.ts'

/** One attempt to do a job in a tenant: to read its directory, or a job of the ISV's own. */
export type SyncRun = {
  id: RunId
  tenantId: TenantId
  /** sync-tenant, or the name of the job. */
  job: string
  /** `waiting`: it made room for other tenants, or Graph asked for patience; it goes on where it was. */
  state: 'running' | 'waiting' | 'succeeded' | 'failed' | 'interrupted'
  startedAt: Date
  finishedAt: Date | null
  pages: number
  /** Objects written, by kind; people and groups once more by themselves. */
  counts: ResourceCounts
  users: number
  groups: number
  /** Objects that were there before and are no longer in the directory. */
  removed: number
  /** The last line that the job has said; null when it said none. */
  progress: string | null
  /** Why it failed, or what Graph said when it put it off. */
  diagnosis: Diagnosis | null
}

/** What stands in the way of reading on: why the run failed, or what Graph said when it put it off; null where nothing does. */
export const inTheWayOf = ({ state, diagnosis }: Pick<SyncRun, 'state' | 'diagnosis'>): Diagnosis | null =>
  state === 'failed' || state === 'waiting' ? diagnosis : null
