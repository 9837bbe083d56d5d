import { CompiledQuery } from 'kysely'
import type { TenantSql } from '#store/open.ts'

/** What would end the transaction, or step out of the role that confines it. */
const OURS = /^\s*(begin|start|commit|end|rollback|abort|prepare|set|reset|discard)\b/i

/**
 * Runs one statement of a job's author, as it stands, in a transaction that is confined to one tenant.
 * @throws Error what PostgreSQL says, or when the statement would leave the transaction
 */
export async function runStatement<Row>(
  { db }: TenantSql,
  text: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  if (OURS.test(text)) throw new Error('A job’s statement may not change its transaction or its role.')
  const { rows } = await db.executeQuery(CompiledQuery.raw(text, [...parameters]))
  return rows as Row[]
}
