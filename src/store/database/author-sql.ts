import { sql as raw } from 'kysely'
import type { TenantSql } from '#store/database/open.ts'
import { statementText } from '#store/database/statement-text.ts'

/**
 * Runs one statement of a job’s author, as a role that PostgreSQL lets it neither leave nor take to another tenant.
 * @param sql of `asAuthor`: in another transaction it finds no rows
 * @returns rows as JSON holds them
 * @throws Error what PostgreSQL says
 */
export async function runStatement<Row>(
  { db, tenantId }: TenantSql,
  text: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const statement = text.replace(/[\s;]+$/, '')
  if (statement.includes(';'))
    throw new Error('A job’s statement is one statement: put a text with a semicolon into a parameter.')
  const given = JSON.stringify(parameters.map(statementText))
  const { rows } = await raw<{ line: Row }>`
    select line from tenantry.run_statement(${statement}, ${given}::jsonb) line`.execute(db)
  // It may have changed what our own statements after it go by.
  await raw`select set_config('tenantry.tenant_id', ${tenantId}, true)`.execute(db)
  return rows.map(({ line }) => line)
}
