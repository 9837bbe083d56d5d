import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { TenantId } from '#model/ids.ts'
import { letSilencePass } from '#test/crash/support/databases.ts'
import {
  askForReading,
  connectCustomers,
  customersOf,
  isRead,
  letRetriesBeDue,
} from '#test/faults/support/customers.ts'
import { openSmallDisk, type SmallDisk } from '#test/faults/support/small-disk.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { holdAnswers } from '#test/support/microsoft-gate.ts'
import {
  closeDatabase,
  freshDatabase,
  type PostgresServer,
  reopenDatabase,
  startPostgres,
  withClient,
} from '#test/support/postgres.ts'
import { openPostgresProxy, type PostgresProxy } from '#test/support/postgres-proxy.ts'
import type { Program } from '#test/support/programs.ts'
import type { Scope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

/** Tenantry in one process, on a PostgreSQL server of its own, over a wire that can be silenced. */
export type Place = {
  deployment: Deployment
  program: Program
  server: PostgresServer
  proxy: PostgresProxy
  /** Null where none can be made. */
  disk: SmallDisk | null
  /** Past the wire. */
  databaseUrl: string
  /** As the superuser, in the same database. */
  adminUrl: string
}

/** What is done to the database, and what ends it. */
type Fault = { begin(place: Place): unknown; end(place: Place): unknown }

const asAdministrator =
  (...statements: string[]) =>
  ({ adminUrl }: Place) =>
    withClient(adminUrl, async (client) => {
      for (const statement of statements) await client.query(statement)
    })

const WRITES_AGAIN = 'set default_transaction_read_only = off'

/** A table has room in what it took of the disk before. Rows that are undone still lie there, so that the next one finds none. */
const USE_THE_LAST_ROOM_UP = `do $$ begin
  loop
    insert into tenantry.resources (tenant_id, kind, id, display_name, properties, generation, arrived_at, updated_at)
      select tenant_id, kind, gen_random_uuid(), display_name, '{}', generation, arrived_at, updated_at
      from tenantry.resources limit 1;
  end loop;
exception when disk_full then null;
end $$`

export const FAULTS = {
  stop: { begin: ({ server }) => server.halt(), end: ({ server }) => server.start() },
  crash: { begin: ({ server }) => server.crash(), end: ({ server }) => server.start() },
  freeze: { begin: ({ server }) => server.freeze(), end: ({ server }) => server.thaw() },
  readOnly: {
    begin: asAdministrator('alter system set default_transaction_read_only = on', 'select pg_reload_conf()'),
    end: asAdministrator(WRITES_AGAIN, 'alter system reset default_transaction_read_only', 'select pg_reload_conf()'),
  },
  cut: {
    begin: ({ server, databaseUrl }) => closeDatabase(databaseUrl, server.adminUrl),
    end: ({ server, databaseUrl }) => reopenDatabase(databaseUrl, server.adminUrl),
  },
  full: {
    async begin(place) {
      place.disk?.fill()
      await asAdministrator(USE_THE_LAST_ROOM_UP)(place)
    },
    end: ({ disk }) => disk?.empty(),
  },
  swallowed: { begin: ({ proxy }) => proxy.silence(), end: ({ proxy }) => proxy.speak() },
} satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS
/** It may be read all the same. */
const STILL_ANSWERS: readonly FaultName[] = ['readOnly', 'full']
/** Prometheus, unless it is told otherwise, has no more patience. */
const SCRAPE_MILLISECONDS = 10_000

const CUSTOMERS = customersOf(Object.keys(FAULTS).length)
/** Each fault has a tenant of its own. */
const TENANTS = new Map(Object.keys(FAULTS).map((name, index) => [name, CUSTOMERS[index]?.id as TenantId]))

export async function openPlace(scope: Scope): Promise<Place> {
  const server = await startPostgres({ keepsCommits: true })
  scope.after(() => server.stop())
  const disk = await openSmallDisk(server)
  scope.after(() => disk?.[Symbol.dispose]())
  const databaseUrl = await freshDatabase(server)
  const adminUrl = Object.assign(new URL(server.adminUrl), { pathname: new URL(databaseUrl).pathname }).href
  await disk?.hold(databaseUrl)
  const proxy = await openPostgresProxy(databaseUrl)
  scope.after(async () => proxy[Symbol.asyncDispose]())
  const deployment = await openDeployment(scope, {
    customers: CUSTOMERS,
    settings: { TENANTRY_DATABASE_URL: proxy.through(databaseUrl) },
  })
  await connectCustomers(deployment, { databaseUrl, adminUrl, customers: CUSTOMERS })
  const program = await deployment.open('dev')
  return { deployment, program, server, proxy, disk, databaseUrl, adminUrl }
}

/**
 * While a tenant’s second page of users is on its way, the database goes; later it comes back. In between both sites say
 * that they are not ready, and in the end everything has been read once, by a process that was never started again.
 * @param options.hurry the time in which a dead worker’s job waits is over at once
 */
export async function outlive(
  place: Place,
  name: FaultName,
  { outageMilliseconds, hurry }: { outageMilliseconds: number; hurry: boolean },
): Promise<void> {
  const { deployment, program, databaseUrl, adminUrl } = place
  const fault: Fault = FAULTS[name]
  const tenantId = TENANTS.get(name) as TenantId
  const readiness = () =>
    Promise.all([deployment.landing, deployment.console].map(async (site) => (await fetch(`${site}/readyz`)).status))
  using answer = holdAnswers(deployment.emulator, { name: 'GET /v1.0/users/delta', nth: 2 })
  await askForReading(databaseUrl, [tenantId])
  await until('the page is on its way', () => answer.count() === 1)
  const before = program.said().length
  await fault.begin(place)
  // The page that comes now finds nobody who could keep it.
  answer.release()
  await until('neither site is ready', async () => (await readiness()).every((status) => status === 503))
  assert.deepEqual(
    await Promise.all(
      [deployment.landing, deployment.console].map(async (site) => (await fetch(`${site}/healthz`)).status),
    ),
    [200, 200],
  )
  const figures = async () => {
    const answer = await fetch(`${deployment.console}/metrics`, { signal: AbortSignal.timeout(SCRAPE_MILLISECONDS) })
    return answer.text()
  }
  const scraped = `tenantry_database_reachable ${STILL_ANSWERS.includes(name) ? 1 : 0}\n`
  await until('whoever scrapes is told so', async () => (await figures()).includes(scraped))
  await wait(outageMilliseconds)
  await fault.end(place)
  await until('both sites are ready again', async () => (await readiness()).every((status) => status === 200))
  let hurried = !hurry
  await until('everything has been read', async () => {
    if (!hurried && program.said().slice(before).includes('could not be settled')) {
      await letSilencePass(databaseUrl, adminUrl)
      hurried = true
    }
    if (hurry) await letRetriesBeDue(adminUrl)
    return isRead(adminUrl, tenantId)
  })
}
