import { keyOf } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'
import type { TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { NOTHING_WAITS, type Waiting } from '#model/next-try.ts'

type Row = { key: string; asked_at: Date | null; retry_at: Date | null }

/**
 * What waits to be read, by tenant: what was asked for or put off, and what is tried again. It is found in pg-boss’s index of
 * what waits or runs, whose conditions it therefore repeats: the queue is long, and what has ended is many times more.
 */
export async function waitingReadings(
  { boss }: Jobs,
  tenantIds: readonly TenantId[],
): Promise<(tenantId: TenantId) => Waiting> {
  if (tenantIds.length === 0) return () => NOTHING_WAITS
  const keyed = (tenantId: TenantId) => keyOf(DIRECTORY_SYNC, { tenantId })
  const { rows } = await boss.getDb().executeSql(
    `select singleton_key as key, min(start_after) filter (where state = 'created') as asked_at,
       min(start_after) filter (where state = 'retry') as retry_at
     from ${SCHEMA}.job where name = $1 and state in ('created', 'retry') and state <= 'active' and policy = 'stately'
       and coalesce(singleton_key, '') = any($2) group by singleton_key`,
    [DIRECTORY_SYNC, tenantIds.map(keyed)],
  )
  const found = new Map(
    (rows as Row[]).map(({ key, asked_at, retry_at }) => [
      key,
      { askedAt: asked_at && new Date(asked_at), retryAt: retry_at && new Date(retry_at) },
    ]),
  )
  return (tenantId) => found.get(keyed(tenantId)) ?? NOTHING_WAITS
}
