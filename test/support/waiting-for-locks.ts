import type pg from 'pg'

/**
 * The statements in this database that wait for what somebody has locked. Whoever looks from within a transaction would
 * go on seeing the connections and statements that he saw first.
 * @see https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-VIEWS
 */
export async function waitingForLocks(client: pg.Client): Promise<string[]> {
  await client.query('select pg_stat_clear_snapshot()')
  const { rows } = await client.query<{ query: string }>(
    `select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows.map(({ query }) => query)
}
