import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect, sql as raw } from 'kysely'
import { Migrator } from 'kysely/migration'
import { systemClock } from '#base/clock.ts'
import { openStore, type Store } from '#store/database/open.ts'
import { MIGRATIONS } from '#store/migrations/index.ts'
import { type Place, silentLog } from '#test/support/backends.ts'

/** An older release worked in the embedded database as its superuser. */
export async function openAsThen({ databaseUrl, dataDir }: Place): Promise<Store> {
  if (databaseUrl) return openStore({ databaseUrl, dataDir, clock: systemClock, log: silentLog })
  mkdirSync(dataDir, { recursive: true })
  const pglite = await PGlite.create({ dataDir: join(dataDir, 'data') })
  const kysely = new Kysely({ dialect: new PGliteDialect({ pglite }) })
  const close = async () => {
    await kysely.destroy()
    if (!pglite.closed) await pglite.close()
  }
  return {
    backend: 'pglite',
    kysely,
    pglite,
    databaseUrl,
    clock: systemClock,
    silenceMilliseconds: 30_000,
    full: false,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The schema as the release with this last migration made it. */
export async function migrateTo({ kysely }: Store, last: string): Promise<void> {
  await raw`create schema tenantry`.execute(kysely)
  const older = Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name <= last))
  const { error } = await new Migrator({
    db: kysely,
    migrationTableSchema: 'tenantry',
    provider: { getMigrations: async () => older },
  }).migrateToLatest()
  assert.equal(error, undefined)
}
