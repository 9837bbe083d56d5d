import assert from 'node:assert/strict'
import { sql } from 'kysely'
import type { SignUpId } from '#model/ids.ts'
import { asFleet, type Store } from '#store/database/open.ts'
import { seeingAllRows } from '#test/support/seeing-all-rows.ts'

const TABLES = ['sign_ups', 'tenants', 'grants', 'resources', 'sync_runs', 'audit'] as const

/** Everything that the database holds of us and of the queue, as text: to look for what must not be there. */
export const everythingStored = (store: Store): Promise<string> =>
  seeingAllRows(store, async (db) => {
    const names = [...TABLES.map((table) => `tenantry.${table}`), 'pgboss.job']
    const rows = await Promise.all(names.map((name) => sql`select * from ${sql.table(name)}`.execute(db)))
    return JSON.stringify(rows.map((result) => result.rows))
  })

/** How often something was written down, such as a rejection. */
export async function audited(store: Store, action: string): Promise<number> {
  const { rows } = await asFleet(store, ({ db }) =>
    sql<{ count: number }>`
      select count(*)::int as count from tenantry.audit where action = ${action}`.execute(db),
  )
  return rows[0]?.count ?? 0
}

/** The sign-up begun last. */
export async function newestSignUp(store: Store): Promise<SignUpId> {
  const { rows } = await asFleet(store, ({ db }) =>
    sql<{ id: SignUpId }>`
      select id from tenantry.sign_ups order by created_at desc limit 1`.execute(db),
  )
  return rows[0]?.id ?? assert.fail('no sign-up is stored')
}
