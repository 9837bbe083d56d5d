import { systemClock } from '#base/clock.ts'
import { DEMO, type Emulator, startEmulator } from '#emulator/index.ts'
import { JOB_NAMES } from '#jobs/names.ts'
import { openJobs } from '#jobs/open.ts'
import { migrate } from '#store/migrate.ts'
import { openStore } from '#store/open.ts'
import { estateOf } from '#test/crash/support/estate.ts'
import { type Moment, type Moments, openMoments } from '#test/crash/support/moments.ts'
import { isAtRest } from '#test/crash/support/story.ts'
import { openWitness, type Witness } from '#test/crash/support/witness.ts'
import { silentLog, temporaryFolder } from '#test/support/backends.ts'
import { watchMicrosoft } from '#test/support/microsoft-gate.ts'
import { freePort } from '#test/support/ports.ts'
import { copyOfDatabase, freshDatabase, removeDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { openPostgresProxy } from '#test/support/postgres-proxy.ts'
import { type Program, startTenantry } from '#test/support/programs.ts'
import { until } from '#test/support/until.ts'

export type Size = { users: number; groups: number }
/**
 * Which moments count. `effects`: whenever something is different outside the process from then on, in the database or at
 * Microsoft. `everything`: also after each write of a transaction that is still open, and after each request that only reads.
 */
export type Grain = 'effects' | 'everything'

/** One small world in which the same thing happens again and again, broken off at another moment each time. */
export type Lane = AsyncDisposable & {
  emulator: Emulator
  witness: Witness
  landing: string
  moments: Moments
  /** A migrated database in which nothing has happened. */
  emptyDatabase: string
  /** A copy of a database, for one run. */
  copy(databaseUrl: string): Promise<string>
  remove(databaseUrl: string): Promise<void>
  /** The real program on that database; `isReady` waits until it is at work. */
  start(command: 'dev' | 'work', databaseUrl: string): Program
  /** Until everything has been done, whoever does it. */
  untilAtRest(databaseUrl: string): Promise<void>
}

export async function openLane({
  size,
  grain,
  cache,
  emptyDatabase,
}: {
  size: Size
  grain: Grain
  /** Where compiled code is kept. */
  cache: string
  emptyDatabase: string
}): Promise<Lane> {
  await using open = new AsyncDisposableStack()
  const folder = temporaryFolder({ after: (close) => open.defer(close) })
  const [landingPort, consolePort] = [await freePort(), await freePort()]
  const landing = `http://localhost:${landingPort}`
  const emulator = open.use(await startEmulator({ estate: estateOf({ landing, ...size }), dataDir: folder }))
  const moments = openMoments()
  const proxy = open.use(
    await openPostgresProxy(emptyDatabase, {
      wrote: ({ name, state }) =>
        UPKEEP.test(name) || (state === 'open' && grain === 'effects') || moments.happened(`${state}: ${name}`),
    }),
  )
  open.use(
    watchMicrosoft(emulator, ({ name, answer }) => {
      const counts = grain === 'everything' || !name.startsWith('GET ')
      if (!counts || moments.happened(name)) answer()
    }),
  )
  const settings = {
    TENANTRY_SETTINGS_FILE: `${folder}/there-is-none.env`,
    TENANTRY_CLOUD: 'emulator',
    TENANTRY_CLIENT_ID: DEMO.appId,
    TENANTRY_HOME_TENANT_ID: DEMO.home,
    TENANTRY_CLIENT_SECRET: DEMO.secret,
    TENANTRY_DATA_DIR: `${folder}/tenantry`,
    TENANTRY_PUBLIC_URL: landing,
    TENANTRY_CONSOLE_URL: `http://localhost:${consolePort}`,
    TENANTRY_LANDING_PORT: `${landingPort}`,
    TENANTRY_CONSOLE_PORT: `${consolePort}`,
    TENANTRY_EMULATOR_ORIGIN: emulator.origin,
    TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
    TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
    // Hundreds of processes begin: each finds its code compiled.
    NODE_COMPILE_CACHE: cache,
  }
  const programs = new Set<Program>()
  open.defer(async () => {
    await Promise.all([...programs].map((program) => program.kill()))
  })
  const witness = await openWitness(emulator)
  const closing = open.move()
  return {
    emulator,
    witness,
    landing,
    moments,
    emptyDatabase,
    copy: copyOfDatabase,
    remove: removeDatabase,
    start(command, databaseUrl) {
      const program = startTenantry({
        args: [command],
        env: { ...settings, TENANTRY_DATABASE_URL: proxy.through(databaseUrl) },
      })
      programs.add(program)
      void program.ended.then(() => programs.delete(program))
      return program
    },
    untilAtRest: async (databaseUrl) =>
      withClient(
        await seeingEverything(databaseUrl),
        async (client) => void (await until('everything is done', () => isAtRest(client))),
      ),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

export async function migratedDatabase(): Promise<string> {
  const databaseUrl = await freshDatabase()
  await using store = await openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog })
  await migrate(store)
  await using _jobs = await openJobs({ store, log: silentLog, work: false, migrate: true })
  return databaseUrl
}

export const isReady = (program: Program): Promise<void> => program.says(/the worker is at work/)

/** What the queue writes for itself by the clock, whatever is done for tenants. */
const UPKEEP = /^(?:(?:insert|update|delete) pgboss\.\w+(?: \((?!\w+-tenant)[^)]*\))?(?:, )?)+$/

/**
 * A minute passes: the jobs of a worker that is gone have been silent for too long, and wait no longer for their next
 * try; a page that stands still says so. The database’s clock cannot be turned, so what it is compared with is.
 */
export async function letSilencePass(databaseUrl: string, adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    await client.query(`update pgboss.job set heartbeat_on = heartbeat_on - interval '1 minute',
      started_on = started_on - interval '1 minute' where state = 'active'`)
    // The queue looks for the silent every quarter of a minute, whoever asks it to.
    await client.query(`update pgboss.queue set monitor_on = null, monitor_claim_on = null`)
    await client.query(`update tenantry.sign_ups set updated_at = updated_at - interval '1 minute'`)
  })
  await using store = await openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog })
  await using jobs = await openJobs({ store, log: silentLog, work: false, migrate: false })
  for (const name of JOB_NAMES) await jobs.boss.supervise(name)
  await withClient(databaseUrl, (client) =>
    client.query(`update pgboss.job set start_after = now() where state = 'retry'`),
  )
}

export const inWords = ({ name, nth }: Moment): string => (nth === 1 ? name : `${name} (${nth})`)
