import { seeingEverything, withClient } from '#test/support/postgres.ts'

/** What a database holds in the end, without what may differ: times, and ids that are made up on the way. */
export type Story = Record<string, unknown>

/** Whatever answers questions in SQL: a client of a server, or an embedded database. */
export type Asked = { query(text: string): Promise<{ rows: unknown[] }> }

/** Everything that has to be the same whether a process was killed or not, as rows. */
const TABLES: Record<string, string> = {
  tenants: `select id, display_name, default_domain, state, diagnosis from tenantry.tenants order by id`,
  grants: `select tenant_id, permission, status from tenantry.grants order by 1, 2`,
  resources: `select tenant_id, kind, id, display_name, properties from tenantry.resources order by 1, 2, 3`,
  members: `select tenant_id, group_id, member_id, member_type from tenantry.group_members order by 1, 2, 3`,
  cursors: `select tenant_id, kind, next_link, delta_link is null as anew, removals_allowed from tenantry.sync_cursors order by 1, 2`,
  // A page is counted in the transaction that stores it: over all runs, those broken off too, each page counts once.
  read: `select tenant_id, sum(coalesce((counts->>'user')::int, 0))::int as users, sum(coalesce((counts->>'group')::int, 0))::int as groups, sum(removed)::int as removed,
    bool_or(state = 'succeeded') as succeeded from tenantry.sync_runs group by 1 order by 1`,
  unfinished: `select state from tenantry.sync_runs where state in ('running', 'waiting')`,
  deadLetters: `select data from pgboss.job where name = 'dead-letter'`,
  // Who is interrupted signs in again, and asks again for what is still to be granted; everything else happens once.
  audit: `select tenant_id, actor, action, from_state, to_state, (detail - 'outcome')::text as detail
    from tenantry.audit where action not in ('sign-up.signed-in', 'sign-up.rejected', 'grants.requested')
    order by 1, 2, 3, 4, 5, 6`,
}

export async function storyIn(database: Asked): Promise<Story> {
  const story: Story = {}
  for (const [name, query] of Object.entries(TABLES)) story[name] = (await database.query(query)).rows
  return story
}

export const storyOf = async (databaseUrl: string): Promise<Story> =>
  withClient(await seeingEverything(databaseUrl), storyIn)

/** The service principals that we believe to be. */
export async function presencesKnown(database: Asked): Promise<string[]> {
  const { rows } = await database.query('select service_principal_id as id from tenantry.tenants')
  return (rows as { id: string }[]).map(({ id }) => id)
}

/** Whether the tenants have been read to the end and nothing more is to be done for any of them. */
export async function isAtRest(database: Asked): Promise<boolean> {
  const { rows } = await database.query(`
    select exists (select from tenantry.tenants)
      and not exists (
        select from tenantry.tenants t where not exists (
          select from tenantry.sync_runs r where r.tenant_id = t.id and r.state = 'succeeded'))
      and not exists (
        select from pgboss.job where name in ('sync-tenant', 'verify-tenant') and state in ('created', 'retry', 'active'))
      as rest`)
  return (rows as { rest: boolean }[])[0]?.rest ?? false
}
