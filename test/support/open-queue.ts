import type { TestContext } from 'node:test'
import type { Clock } from '#base/clock.ts'
import type { JobContext, JobName, TaskTable } from '#jobs/names.ts'
import { type Jobs, openJobs } from '#jobs/open.ts'
import type { TenantId } from '#model/ids.ts'
import type { Store } from '#store/database/open.ts'
import { type Backend, silentLog } from '#test/support/backends.ts'

/** A store and its queue for one test alone; both closed after it. */
export async function freshQueue(
  t: TestContext,
  { freshStore }: Backend,
  { work = false, clock }: { work?: boolean; clock?: Clock } = {},
): Promise<{ store: Store; jobs: Jobs }> {
  const store = await freshStore(t, clock ? { clock } : {})
  const jobs = await openJobs({ store, log: silentLog, work, migrate: true })
  t.after(() => jobs.close())
  return { store, jobs }
}

/** A task table whose tenants' syncs do `work`; everything else does nothing. */
export const tasksThat = (work: (tenantId: TenantId, context: JobContext) => Promise<void>): TaskTable => ({
  'sync-tenant': ({ tenantId }, context) => work(tenantId, context),
  'verify-tenant': async () => {},
  'run-job': async () => {},
  watch: async () => {},
  'plan-jobs': async () => {},
  tidy: async () => {},
})

/** What stands in the queue, in the order in which it was added. */
export const jobsIn = async ({ boss }: Jobs, name: JobName | 'dead-letter') =>
  (await boss.findJobs<{ tenantId?: TenantId }>(name)).sort(
    (left, right) => left.createdOn.getTime() - right.createdOn.getTime(),
  )
