import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { Problem } from '#model/problem.ts'
import type { Store } from '#store/database/open.ts'
import { prepareRoles } from '#store/database/roles.ts'
import { giveToAuthors, isOfAuthors } from '#store/database/statement-owner.ts'
import { MIGRATIONS } from '#store/migrations/index.ts'

export type MigrationOutcome = { from: string | null; to: string | null }

/**
 * Brings the schema up to date. Safe to run from several processes at once: they wait for one another.
 * @throws Problem CONFIGURATION_INVALID when the schema is newer than this program, or the database’s user may not take our roles
 */
export async function migrate(store: Store): Promise<MigrationOutcome> {
  await createSchema(store)
  const before = await appliedMigrations(store)
  refuseNewer(before)
  await prepareRoles(store)
  const migrator = new Migrator({
    db: store.kysely,
    migrationTableSchema: 'tenantry',
    provider: { getMigrations: async () => MIGRATIONS },
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
  await giveToAuthors(store)
  return { from: before.at(-1) ?? null, to: (await appliedMigrations(store)).at(-1) ?? null }
}

/** `if not exists` alone is no protection: two that look at the same moment both create, and one of them fails. */
const createSchema = ({ kysely }: Store): Promise<void> =>
  kysely.transaction().execute(async (db) => {
    await sql`select pg_advisory_xact_lock(hashtext('tenantry.migrate'))`.execute(db)
    await sql`create schema if not exists tenantry`.execute(db)
  })

/** @throws Problem CONFIGURATION_INVALID when the schema is older or newer than this program, or was not restored in full */
export async function assertMigrated(store: Store): Promise<void> {
  const applied = await appliedMigrations(store)
  refuseNewer(applied)
  if (applied.length === 0) throw schemaProblem('The database has no schema of Tenantry’s yet.', MIGRATE)
  if (applied.length < Object.keys(MIGRATIONS).length)
    throw schemaProblem('The database’s schema is older than this program.', MIGRATE)
  if (!(await isOfAuthors(store)))
    throw schemaProblem('The database was restored, and statements of jobs would have its owner’s rights.', MIGRATE)
}

const MIGRATE = 'Run `tenantry migrate`, then start again.'

async function appliedMigrations({ kysely }: Store): Promise<string[]> {
  const { rows: tables } =
    await sql`select 1 from pg_tables where schemaname = 'tenantry' and tablename = 'kysely_migration'`.execute(kysely)
  if (tables.length === 0) return []
  const { rows } = await sql<{ name: string }>`select name from tenantry.kysely_migration order by name`.execute(kysely)
  return rows.map((row) => row.name)
}

function refuseNewer(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !(name in MIGRATIONS))
  if (unknown.length === 0) return
  throw schemaProblem(
    `The database’s schema is newer than this program (${unknown.join(', ')}).`,
    'Start the release that wrote it, or a newer one.',
  )
}

const schemaProblem = (message: string, nextStep: string) =>
  new Problem({
    code: 'CONFIGURATION_INVALID',
    owner: 'operator',
    message,
    nextStep,
    retry: 'never',
    confidence: 'certain',
  })
