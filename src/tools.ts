import { hostname } from 'node:os'
import { rootCertificates } from 'node:tls'
import { type Background, openBackground } from '#base/background.ts'
import { type Clock, systemClock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Config } from '#config.ts'
import { appToken } from '#entra/app-token.ts'
import { type Entra, openEntra } from '#entra/open.ts'
import { type Budget, openBudget } from '#graph/budget.ts'
import { type Graph, openGraph } from '#graph/open.ts'
import { type Jobs, openJobs } from '#jobs/open.ts'
import type { DelegatedToken } from '#model/administrator.ts'
import type { TenantId } from '#model/ids.ts'
import type { IncidentId } from '#model/incident.ts'
import { openOutbound } from '#outbound/open.ts'
import { postJson } from '#outbound/post-json.ts'
import { lendFrom, restBucket } from '#store/buckets.ts'
import { assertMigrated, migrate } from '#store/database/migrate.ts'
import { openStore, type Store } from '#store/database/open.ts'
import { type Hold, watchHold } from '#store/hold.ts'
import { openRounds, type Rounds } from '#store/rounds.ts'
import { openTelemetry, type Telemetry } from '#telemetry/open.ts'

/** What flows work with. A flow names the tools that it needs and gets no more. */
export type Tools = {
  config: Config
  clock: Clock
  log: Log
  /** The name of the machine, as operators know it. */
  host: string
  entra: Entra
  store: Store
  /** Beginning and end of the runs that read directories. */
  rounds: Rounds
  jobs: Jobs
  /** What Graph's limits leave us, shared by all processes. */
  budget: Budget
  background: Background
  /** What this process does, counted. */
  telemetry: Telemetry
  /** The incidents that have named this process’s machine since Microsoft began to refuse its credential; empty where it accepts it. */
  namedIn: Set<IncidentId>
  /** Whether an incident holds the work for everybody. */
  hold: Hold
  /** Tells a person elsewhere of an incident; null where nobody is to be told. */
  sendAlert: ((body: object) => Promise<void>) | null
  /** Microsoft Graph in one tenant, as the app itself. */
  graphAsApp(tenantId: TenantId, options?: GraphOptions): Graph
  /** Microsoft Graph on behalf of the administrator who has just signed in. */
  graphAs(token: DelegatedToken): Graph
  [Symbol.asyncDispose](): Promise<void>
}

/** `high` while a person waits for it; background work has low priority. */
export type GraphOptions = Partial<Pick<Graph, 'longestPauseMilliseconds' | 'aside' | 'priority'>>

/**
 * Opens the gates and the store; `await using` closes them in the opposite order.
 * An embedded database is brought up to date on the way; a server only by `tenantry migrate`.
 * @throws Problem DATABASE_UNREACHABLE, DATA_FOLDER_IN_USE
 */
export async function openTools(
  config: Config,
  {
    log,
    work = false,
    clock = systemClock,
  }: {
    log: Log
    /** Whether this process does jobs. */
    work?: boolean
    clock?: Clock
  },
): Promise<Tools> {
  await using opened = new AsyncDisposableStack()
  const { cloud } = config
  const outbound = opened.use(
    openOutbound({
      origins: [cloud.loginOrigin, cloud.graphOrigin],
      ...(config.emulatorCa ? { ca: config.emulatorCa } : {}),
      log,
    }),
  )
  const store = opened.use(await openStore({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, clock, log }))
  const embedded = store.backend === 'pglite'
  if (embedded) await migrate(store)
  else await assertMigrated(store)
  const jobs = opened.use(await openJobs({ store, log, work, migrate: embedded }))
  const background = openBackground(log)
  opened.defer(() => background.close())
  const telemetry = opened.use(openTelemetry())
  const entra = openEntra({
    cloud,
    clientId: config.clientId,
    credential: config.credential,
    homeTenantId: config.homeTenantId,
    outbound,
    clock,
    log,
    telemetry,
  })
  const budget = openBudget({
    clientId: config.clientId,
    limits: config.throttleLimits,
    lender: (wanted) => lendFrom(store, wanted),
    restBucket: (bucket, milliseconds) =>
      void restBucket(store, bucket, milliseconds).catch((error: unknown) =>
        log.warn({ err: error }, 'the other processes could not be told of a rest'),
      ),
    clock,
  })
  const { alertUrl } = config
  const alerts = alertUrl ? opened.use(openAlerts(config, alertUrl, log)) : null
  const graph = { cloud, outbound, clock, log, telemetry, budget }
  const closing = opened.move()
  return {
    config,
    clock,
    log,
    host: hostname(),
    entra,
    store,
    rounds: openRounds(store),
    jobs,
    budget,
    background,
    telemetry,
    namedIn: new Set(),
    hold: watchHold(store),
    sendAlert: alertUrl && alerts ? (body) => postJson(alerts, alertUrl, body) : null,
    graphAsApp: (tenantId, options = {}) =>
      openGraph({
        ...graph,
        tenantId,
        token: async (wish) => (await appToken(entra, tenantId, wish ?? {})).value,
        priority: 'low',
        ...options,
      }),
    graphAs: (token) =>
      openGraph({
        ...graph,
        tenantId: token.tenantId,
        token: async () => token.value,
        signedIn: true,
        priority: 'high',
      }),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** A way out of its own: what goes to Microsoft cannot go there, nor the other way. */
const openAlerts = ({ emulatorCa }: Config, alertUrl: string, log: Log) =>
  openOutbound({
    origins: [new URL(alertUrl).origin],
    ...(emulatorCa ? { ca: [...rootCertificates, emulatorCa] } : {}),
    log,
  })
