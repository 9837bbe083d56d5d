import { systemClock } from '#base/clock.ts'
import { openLog } from '#base/log.ts'
import { readSettings } from '#bin/read-settings.ts'
import type { Start } from '#bin/start.ts'
import { tellMistakes } from '#bin/tell-mistakes.ts'
import { EXIT_USAGE } from '#cli/run-cli.ts'
import { carryDeadLetters } from '#jobs/carry-dead-letters.ts'
import { openJobs } from '#jobs/open.ts'
import { carryOver } from '#store/carry-over.ts'
import { migrate } from '#store/database/migrate.ts'
import { openStore } from '#store/database/open.ts'

/** An index of a large table is built without a word. */
const LONGEST_STATEMENT_MILLISECONDS = 12 * 3_600_000

/**
 * `tenantry migrate`: the schema and the job queue, up to this program's version; with `--from-embedded` the embedded
 * installation besides, into the database that TENANTRY_DATABASE_URL names. Needs the database settings only.
 * @throws Problem DATABASE_UNREACHABLE, DATA_FOLDER_IN_USE, CONFIGURATION_INVALID
 */
export async function migrateDatabase(start: Start, { fromEmbedded }: { fromEmbedded: boolean }): Promise<number> {
  const { parts, mistakes } = await readSettings(start)
  const blocking = mistakes.filter(({ setting }) => ['TENANTRY_DATABASE_URL', 'TENANTRY_DATA_DIR'].includes(setting))
  const { databaseUrl = null, dataDir, logLevel = 'info' } = parts
  if (fromEmbedded && !databaseUrl)
    blocking.push({
      setting: 'TENANTRY_DATABASE_URL',
      message: 'is missing',
      nextStep: 'Name the PostgreSQL database that the embedded installation is to be copied into.',
    })
  if (blocking.length > 0 || !dataDir) {
    tellMistakes(start.terminal, blocking)
    return EXIT_USAGE
  }
  const log = openLog(logLevel, process.stderr)
  await using store = await openStore({
    databaseUrl,
    dataDir,
    clock: systemClock,
    log,
    silenceMilliseconds: LONGEST_STATEMENT_MILLISECONDS,
  })
  const { from, to } = await migrate(store)
  await using jobs = await openJobs({ store, log, work: false, migrate: true })
  start.terminal.out(
    from === to ? `The schema is up to date (${to}).` : `The schema went from ${from ?? 'nothing'} to ${to}.`,
  )
  if (!fromEmbedded) return 0
  await using embedded = await openStore({ databaseUrl: null, dataDir, clock: systemClock, log })
  await migrate(embedded)
  const { tenants, rows } = await carryOver(embedded, store, (done, of) =>
    log.info({ done, of }, 'a tenant was copied'),
  )
  await using embeddedJobs = await openJobs({ store: embedded, log, work: false, migrate: true })
  const letters = await carryDeadLetters(embeddedJobs, jobs)
  start.terminal.out(
    `${tenants} tenants with ${rows} rows are in the database now, and ${letters === 1 ? 'one job that was' : `${letters} jobs that were`} given up; what is in the folder ${dataDir} is still there.`,
  )
  return 0
}
