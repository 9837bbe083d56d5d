import { cpSync, rmSync } from 'node:fs'
import { systemClock } from '#base/clock.ts'
import { JOB_NAMES } from '#jobs/names.ts'
import { openJobs } from '#jobs/open.ts'
import { migrate } from '#store/database/migrate.ts'
import { openStore, type Store } from '#store/database/open.ts'
import { type Asked, isAtRest } from '#test/crash/support/story.ts'
import { type Place, silentLog, temporaryFolder } from '#test/support/backends.ts'
import { layEmptyDatabase } from '#test/support/embedded-template.ts'
import { copyOfDatabase, freshDatabase, removeDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import type { Scope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

/** Databases that a program works on, one for each run; each has a name, which is its address or its folder. */
export type Databases = {
  /** A migrated one in which nothing has happened. */
  empty: string
  copy(name: string): Promise<string>
  remove(name: string): Promise<void>
  /** What a program is told of it. */
  place(name: string): Place
  /** Looks into it, past row-level security. An embedded one belongs to whoever has it open: nobody, then. */
  ask<Value>(name: string, work: (database: Asked) => Promise<Value>): Promise<Value>
  /** A minute passes, as far as the database can tell; no program works on it. */
  letSilencePass(name: string): Promise<void>
  /** Until everything has been done, whoever does it. */
  untilAtRest(name: string): Promise<void>
}

export async function onPostgres(): Promise<Databases> {
  const empty = await freshDatabase()
  const place = (databaseUrl: string): Place => ({ databaseUrl, dataDir: '' })
  await prepare(place(empty))
  const ask: Databases['ask'] = async (name, work) => withClient(await seeingEverything(name), work)
  return {
    empty,
    place,
    ask,
    copy: copyOfDatabase,
    remove: removeDatabase,
    letSilencePass: async (name) => letSilencePass(name, await seeingEverything(name)),
    untilAtRest: (name) =>
      ask(name, async (database) => void (await until('everything is done', () => isAtRest(database)))),
  }
}

/** Whoever drives the program waits until it is at rest: nobody else can look while it works. */
export async function embedded(scope: Scope): Promise<Databases> {
  const empty = temporaryFolder(scope)
  layEmptyDatabase(empty)
  await prepare({ databaseUrl: null, dataDir: empty })
  const open = (dataDir: string) => openStore({ databaseUrl: null, dataDir, clock: systemClock, log: silentLog })
  return {
    empty,
    place: (dataDir) => ({ databaseUrl: null, dataDir }),
    async copy(name) {
      const folder = temporaryFolder(scope)
      cpSync(name, folder, { recursive: true })
      return folder
    },
    remove: async (name) => rmSync(name, { recursive: true, force: true }),
    async ask(name, work) {
      await using store = await open(name)
      return await work(await boundByNothing(store))
    },
    async letSilencePass(name) {
      await using store = await open(name)
      await growOlder(await boundByNothing(store), store)
    },
    untilAtRest: async () => {},
  }
}

/** As whoever made it, to whom row-level security does not apply. */
async function boundByNothing({ pglite }: Store): Promise<Asked> {
  if (!pglite) throw new Error('The database is not embedded.')
  await pglite.exec('set session authorization postgres')
  return pglite
}

async function prepare({ databaseUrl, dataDir }: Place): Promise<void> {
  await using store = await openStore({ databaseUrl, dataDir, clock: systemClock, log: silentLog })
  await migrate(store)
  await using _jobs = await openJobs({ store, log: silentLog, work: false, migrate: true })
}

/**
 * A minute passes: the jobs of a worker that is gone have been silent for too long, and wait no longer for their next
 * try; a page that stands still says so. The database’s clock cannot be turned, so what it is compared with is.
 */
export async function letSilencePass(databaseUrl: string, adminUrl: string): Promise<void> {
  await using store = await openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog })
  await withClient(adminUrl, (client) => growOlder(client, store))
}

async function growOlder(database: Asked, store: Store): Promise<void> {
  await database.query(`update pgboss.job set heartbeat_on = heartbeat_on - interval '1 minute',
    started_on = started_on - interval '1 minute' where state = 'active'`)
  // The queue looks for the silent every quarter of a minute, whoever asks it to.
  await database.query(`update pgboss.queue set monitor_on = null, monitor_claim_on = null`)
  await database.query(`update tenantry.sign_ups set updated_at = updated_at - interval '1 minute'`)
  await using jobs = await openJobs({ store, log: silentLog, work: false, migrate: false })
  for (const name of JOB_NAMES) await jobs.boss.supervise(name)
  await database.query(`update pgboss.job set start_after = now() where state = 'retry'`)
}
