import { DIRECTORY_SYNC } from '#model/job.ts'
import { scheduleText } from '#model/schedule.ts'
import { asFleet } from '#store/database/open.ts'
import { countSchedules } from '#store/job-schedules.ts'
import type { Tools } from '#tools.ts'

export type ListedJob = {
  name: string
  /** In words, or as a cron expression. */
  schedule: string
  permissions: readonly string[]
  /** For how many tenants it is planned, and when the next of them is due; null where nothing was planned yet. */
  planned: { tenants: number; nextDueAt: Date | null } | null
}

/** Every job that is done by itself: the built-in one first, then the app's own. */
export async function listJobs({ store, config }: Pick<Tools, 'store' | 'config'>): Promise<ListedJob[]> {
  const standing = new Map(
    (await asFleet(store, countSchedules)).map(({ job, tenants, nextDueAt }) => [job, { tenants, nextDueAt }]),
  )
  return [
    {
      name: DIRECTORY_SYNC,
      schedule: scheduleText({ everyMinutes: config.syncEveryMinutes }),
      permissions: [],
      planned: standing.get(DIRECTORY_SYNC) ?? null,
    },
    ...(config.app.jobs ?? []).map(({ name, schedule, permissions }) => ({
      name,
      schedule: scheduleText(schedule),
      permissions,
      planned: standing.get(name) ?? { tenants: 0, nextDueAt: null },
    })),
  ]
}
