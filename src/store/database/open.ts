import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect, PostgresDialect, type RawBuilder, sql as raw, type Transaction } from 'kysely'
import pg from 'pg'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { TenantId } from '#model/ids.ts'
import { attentiveClient } from '#store/database/attentive-client.ts'
import { makeDataFolder } from '#store/database/data-folder.ts'
import { becomeOwner } from '#store/database/embedded-owner.ts'
import { holdFolder } from '#store/database/hold-folder.ts'
import { unreachable, whileInUse } from '#store/database/unreachable.ts'

/** Rows are written and read with SQL as it stands; each file of this room knows its own table. */
// biome-ignore lint/suspicious/noExplicitAny: the shape of each row is given with its query
type Database = any

/** The database, embedded or a server's. The same SQL and the same migrations run on both. */
export type Store = {
  backend: 'pglite' | 'postgres'
  kysely: Kysely<Database>
  /** The embedded instance, for the job queue that shares it; null on a server. */
  pglite: PGlite | null
  databaseUrl: string | null
  /** For so long an answer of a server is waited for, and the next question of an open transaction by the server. */
  silenceMilliseconds: number
  clock: Clock
  /** The disk was full when something was written last. */
  full: boolean
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type Handle = {
  db: Transaction<Database>
  /** The moment at which this transaction began, by the database’s clock: every row that it writes carries it. Ours may be wrong. */
  at: RawBuilder<Date>
}
declare const scope: unique symbol
/** A transaction that can see and touch the rows of one tenant only; PostgreSQL enforces it. */
export type TenantSql = Handle & { tenantId: TenantId; readonly [scope]: 'tenant' }
/** A transaction over all tenants' states, runs and audit; it cannot read what was copied from their directories. */
export type FleetSql = Handle & { readonly [scope]: 'fleet' }
export type AnySql = TenantSql | FleetSql
/** For what is decided here by the time of day: the same moment as a date. */
export type FleetSqlOnTime = FleetSql & { now: Date }

const MAX_CONNECTIONS = 10
const CONNECT_TIMEOUT_MILLISECONDS = 5_000
/** No statement of ours takes nearly as long, and a worker that has lost its database for so long has lost its jobs too. */
const SILENCE_MILLISECONDS = 30_000
/** Of that, so much is waited for a lock. */
const LOCK_SHARE = 0.8

/**
 * @param input.databaseUrl postgres://…; null opens the embedded database in `dataDir`
 * @throws Problem DATABASE_UNREACHABLE, DATA_FOLDER_IN_USE, CONFIGURATION_INVALID
 */
export async function openStore({
  databaseUrl,
  dataDir,
  clock,
  log,
  silenceMilliseconds = SILENCE_MILLISECONDS,
}: {
  databaseUrl: string | null
  dataDir: string
  clock: Clock
  log: Log
  silenceMilliseconds?: number
}): Promise<Store> {
  const opened = databaseUrl ? await openServer(databaseUrl, { log, silenceMilliseconds }) : await openEmbedded(dataDir)
  return { ...opened, databaseUrl, clock, silenceMilliseconds, full: false, [Symbol.asyncDispose]: opened.close }
}

type Opened = Pick<Store, 'backend' | 'kysely' | 'pglite' | 'close'>

async function openEmbedded(dataDir: string): Promise<Opened> {
  makeDataFolder(dataDir)
  const release = holdFolder(dataDir)
  try {
    const pglite = await PGlite.create({ dataDir: join(dataDir, 'data') })
    await becomeOwner(pglite)
    const kysely = new Kysely<Database>({ dialect: new PGliteDialect({ pglite }) })
    const close = async () => {
      await kysely.destroy()
      if (!pglite.closed) await pglite.close()
      release()
    }
    return { backend: 'pglite', kysely, pglite, close: once(close) }
  } catch (error) {
    release()
    throw error
  }
}

async function openServer(
  databaseUrl: string,
  { log, silenceMilliseconds }: Pick<Store, 'silenceMilliseconds'> & { log: Log },
): Promise<Opened> {
  const pool = new pg.Pool({
    Client: attentiveClient(silenceMilliseconds),
    connectionString: databaseUrl,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
    // The server waits no longer for us than we for it: what a hung worker has locked would hold up whoever takes its place.
    idle_in_transaction_session_timeout: silenceMilliseconds,
    application_name: 'tenantry',
  })
  pool.on('error', (error) => log.warn({ err: error }, 'a database connection was lost'))
  try {
    await pool.query('select 1')
  } catch (error) {
    await pool.end()
    throw unreachable(databaseUrl, error)
  }
  const kysely = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  const close = async () => {
    await kysely.destroy()
    // Kysely ends only what it has used, and a pool that nobody ends keeps its process for ten seconds more.
    if (!pool.ending) await pool.end()
  }
  return { backend: 'postgres', kysely, pglite: null, close: once(close) }
}

/**
 * Runs `work` in one transaction that is confined to one tenant. An exception rolls everything back.
 * @throws Problem DATABASE_UNREACHABLE when the connection fails; then nobody knows whether a commit under way was kept
 */
export const asTenant = <Value>(
  store: Store,
  tenantId: TenantId,
  work: (sql: TenantSql) => Promise<Value>,
): Promise<Value> =>
  inTransaction(store, async (db) => {
    // The same as SET LOCAL ROLE and SET LOCAL, in one question.
    await raw`select set_config('role', 'tenantry_tenant', true), set_config('tenantry.tenant_id', ${tenantId}, true), ${patience(store)}`.execute(
      db,
    )
    return work({ db, at: momentOf(store), tenantId } as TenantSql)
  })

/**
 * Whoever waits for what somebody else has locked gives up before we give its connection up: the server would not notice
 * that, and what the transaction has locked itself would stay so for as long.
 */
const patience = ({ silenceMilliseconds }: Pick<Store, 'silenceMilliseconds'>): RawBuilder<string> =>
  raw`set_config('lock_timeout', ${`${Math.ceil(silenceMilliseconds * LOCK_SHARE)}ms`}, true)`

/** The embedded database’s one session listens for new jobs, and is to go on listening. */
const LEFTOVERS: Record<Store['backend'], readonly string[]> = {
  postgres: ['discard all'],
  pglite: ['reset all', 'discard temp', 'deallocate all', 'select pg_advisory_unlock_all()'],
}

/**
 * The same for work in which statements of a job’s author are run. What those have left on the connection goes with it.
 * @throws Problem DATABASE_UNREACHABLE
 */
export const asAuthor = <Value>(
  store: Store,
  tenantId: TenantId,
  work: (sql: TenantSql) => Promise<Value>,
): Promise<Value> =>
  whileInUse(store, () =>
    store.kysely.connection().execute(async (connection) => {
      try {
        return await inTransaction(
          store,
          async (db) => {
            await raw`select set_config('tenantry.author', concat_ws(' ', ${tenantId}::text, tenantry.sign_tenant(${tenantId})), true),
            set_config('role', 'tenantry_tenant', true), set_config('tenantry.tenant_id', ${tenantId}, true), ${patience(store)}`.execute(
              db,
            )
            return work({ db, at: momentOf(store), tenantId } as TenantSql)
          },
          connection,
        )
      } finally {
        // It fails on a connection that is lost, and then nothing is left.
        for (const statement of LEFTOVERS[store.backend])
          await raw
            .raw(statement)
            .execute(connection)
            .catch(() => {})
      }
    }),
  )

/**
 * Runs `work` in one transaction over the fleet: states, sign-ups, runs and audit of all tenants.
 * @throws Problem DATABASE_UNREACHABLE
 */
export const asFleet = <Value>(store: Store, work: (sql: FleetSql) => Promise<Value>): Promise<Value> =>
  inTransaction(store, async (db) => {
    await raw`select set_config('role', 'tenantry_fleet', true), ${patience(store)}`.execute(db)
    return work({ db, at: momentOf(store) } as FleetSql)
  })

/**
 * The same, with the moment at hand. It costs a question more.
 * @throws Problem DATABASE_UNREACHABLE
 */
export const asFleetOnTime = <Value>(store: Store, work: (sql: FleetSqlOnTime) => Promise<Value>): Promise<Value> =>
  asFleet(store, async (sql) => {
    const { rows } = await raw<{ now: Date }>`select ${sql.at} as now`.execute(sql.db)
    return work({ ...sql, ...(rows[0] as { now: Date }) })
  })

/** What the database’s clock shows, turned as far as a test has turned ours. */
const momentOf = ({ clock }: Pick<Store, 'clock'>): RawBuilder<Date> =>
  clock.turned ? raw`${clock.turned(new Date())}::timestamptz` : raw`now()`

/**
 * The same for some tenants, in which it sees, of each, where its reading is to go on; in no other tenant.
 * @throws Problem DATABASE_UNREACHABLE
 */
export const asFleetFor = <Value>(
  store: Store,
  tenantIds: readonly TenantId[],
  work: (sql: FleetSql) => Promise<Value>,
): Promise<Value> =>
  inTransaction(store, async (db) => {
    await raw`select set_config('role', 'tenantry_fleet', true), set_config('tenantry.tenant_ids', ${`{${tenantIds.join(',')}}`}, true), ${patience(store)}`.execute(
      db,
    )
    return work({ db, at: momentOf(store) } as FleetSql)
  })

const inTransaction = <Value>(
  store: Store,
  work: (db: Transaction<Database>) => Promise<Value>,
  kysely = store.kysely,
): Promise<Value> => whileInUse(store, () => kysely.transaction().execute(work))

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null
  return () => {
    done ??= work()
    return done
  }
}
