import { DEMO, type Emulator, startEmulator } from '#emulator/index.ts'
import type { Databases } from '#test/crash/support/databases.ts'
import { estateOf } from '#test/crash/support/estate.ts'
import { type Moment, type Moments, openMoments } from '#test/crash/support/moments.ts'
import { openWitness, type Witness } from '#test/crash/support/witness.ts'
import { temporaryFolder } from '#test/support/backends.ts'
import { watchMicrosoft } from '#test/support/microsoft-gate.ts'
import { freePort } from '#test/support/ports.ts'
import { openPostgresProxy } from '#test/support/postgres-proxy.ts'
import { type Program, startTenantry } from '#test/support/programs.ts'

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
  databases: Databases
  /** The real program on that database; `isReady` waits until it is at work. */
  start(command: 'dev' | 'work', database: string): Program
}

export async function openLane({
  size,
  grain,
  databases,
}: {
  size: Size
  grain: Grain
  databases: Databases
}): Promise<Lane> {
  await using open = new AsyncDisposableStack()
  const folder = temporaryFolder({ after: (close) => open.defer(close) })
  const [landingPort, consolePort] = [await freePort(), await freePort()]
  const landing = `http://localhost:${landingPort}`
  const emulator = open.use(await startEmulator({ estate: estateOf({ landing, ...size }), dataDir: folder }))
  const moments = openMoments()
  const { databaseUrl: serverUrl } = databases.place(databases.empty)
  const proxy =
    serverUrl === null
      ? null
      : open.use(
          await openPostgresProxy(serverUrl, {
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
    TENANTRY_SETTINGS_FILE: '/dev/null',
    TENANTRY_CLOUD: 'emulator',
    TENANTRY_CLIENT_ID: DEMO.appId,
    TENANTRY_HOME_TENANT_ID: DEMO.home,
    TENANTRY_CLIENT_SECRET: DEMO.secret,
    TENANTRY_PUBLIC_URL: landing,
    TENANTRY_CONSOLE_URL: `http://localhost:${consolePort}`,
    TENANTRY_LANDING_PORT: `${landingPort}`,
    TENANTRY_CONSOLE_PORT: `${consolePort}`,
    TENANTRY_EMULATOR_ORIGIN: emulator.origin,
    TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
    TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
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
    databases,
    start(command, database) {
      const { databaseUrl, dataDir } = databases.place(database)
      const program = startTenantry({
        args: [command],
        env: {
          ...settings,
          TENANTRY_DATA_DIR: dataDir || `${folder}/tenantry`,
          ...(proxy && databaseUrl ? { TENANTRY_DATABASE_URL: proxy.through(databaseUrl) } : {}),
        },
      })
      programs.add(program)
      void program.ended.then(() => programs.delete(program))
      return program
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

export const isReady = (program: Program): Promise<void> => program.says(/the worker is at work/)

/** What the queue writes for itself by the clock, whatever is done for tenants. */
const UPKEEP = /^(?:(?:insert|update|delete) pgboss\.\w+(?: \((?!\w+-tenant)[^)]*\))?(?:, )?)+$/

export const inWords = ({ name, nth }: Moment): string => (nth === 1 ? name : `${name} (${nth})`)
