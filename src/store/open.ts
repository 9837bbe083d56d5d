import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect, PostgresDialect, sql as raw, type Transaction } from 'kysely'
import pg from 'pg'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { holdFolder } from '#store/hold-folder.ts'

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
  clock: Clock
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type Handle = {
  db: Transaction<Database>
  /** The moment of this transaction: every row that it writes carries it. */
  at: Date
}
declare const scope: unique symbol
/** A transaction that can see and touch the rows of one tenant only; PostgreSQL enforces it. */
export type TenantSql = Handle & { tenantId: TenantId; readonly [scope]: 'tenant' }
/** A transaction over all tenants' states, runs and audit; it cannot read what was copied from their directories. */
export type FleetSql = Handle & { readonly [scope]: 'fleet' }
export type AnySql = TenantSql | FleetSql

const MAX_CONNECTIONS = 10
const CONNECT_TIMEOUT_MILLISECONDS = 5_000

/**
 * @param input.databaseUrl postgres://…; null opens the embedded database in `dataDir`
 * @throws Problem DATABASE_UNREACHABLE, DATA_FOLDER_IN_USE
 */
export async function openStore({
  databaseUrl,
  dataDir,
  clock,
  log,
}: {
  databaseUrl: string | null
  dataDir: string
  clock: Clock
  log: Log
}): Promise<Store> {
  const opened = databaseUrl ? await openServer(databaseUrl, log) : await openEmbedded(dataDir)
  return { ...opened, databaseUrl, clock, [Symbol.asyncDispose]: opened.close }
}

type Opened = Pick<Store, 'backend' | 'kysely' | 'pglite' | 'close'>

async function openEmbedded(dataDir: string): Promise<Opened> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const release = holdFolder(dataDir)
  try {
    const pglite = await PGlite.create({ dataDir: join(dataDir, 'data') })
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

async function openServer(databaseUrl: string, log: Log): Promise<Opened> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
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
    await raw`select set_config('role', 'tenantry_tenant', true), set_config('tenantry.tenant_id', ${tenantId}, true)`.execute(
      db,
    )
    return work({ db, at: store.clock.now(), tenantId } as TenantSql)
  })

/**
 * Runs `work` in one transaction over the fleet: states, sign-ups, runs and audit of all tenants.
 * @throws Problem DATABASE_UNREACHABLE
 */
export const asFleet = <Value>(store: Store, work: (sql: FleetSql) => Promise<Value>): Promise<Value> =>
  inTransaction(store, async (db) => {
    await raw`set local role tenantry_fleet`.execute(db)
    return work({ db, at: store.clock.now() } as FleetSql)
  })

async function inTransaction<Value>(
  { kysely, databaseUrl }: Store,
  work: (db: Transaction<Database>) => Promise<Value>,
): Promise<Value> {
  try {
    return await kysely.transaction().execute(work)
  } catch (error) {
    if (databaseUrl && isConnectionLost(error)) throw unreachable(databaseUrl, error)
    throw error
  }
}

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html classes 08, 53300, 57P01 to 57P05; `pg` itself gives texts only */
const CONNECTION_CODES = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|08...$|53300$|57P0\d$)/
const CONNECTION_TEXTS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

const isConnectionLost = (error: unknown): boolean =>
  error instanceof Error &&
  (('code' in error && CONNECTION_CODES.test(String(error.code))) || CONNECTION_TEXTS.test(error.message))

/** Whether the database answers now. */
export async function pingStore(store: Store): Promise<boolean> {
  try {
    await raw`select 1`.execute(store.kysely)
    return true
  } catch {
    return false
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null
  return () => {
    done ??= work()
    return done
  }
}

function unreachable(databaseUrl: string, cause: unknown): Problem {
  const { hostname, port, pathname } = new URL(databaseUrl)
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer'
  return new Problem(
    {
      code: 'DATABASE_UNREACHABLE',
      owner: 'operator',
      message: `The database ${pathname.slice(1)} at ${hostname || 'the local socket'}:${port || '5432'} cannot be used (${reason}).`,
      nextStep:
        'Check that PostgreSQL runs there and that TENANTRY_DATABASE_URL has the right user, password and database.',
      retry: 'backoff',
      confidence: 'certain',
    },
    { cause },
  )
}

/** Lets both roles put rows into the queue's tables, so that a job is saved in the transaction of the fact it follows from. */
export async function useBySql({ kysely }: Store, schema: string): Promise<void> {
  const name = raw.id(schema)
  await raw`grant usage on schema ${name} to tenantry_tenant, tenantry_fleet`.execute(kysely)
  await raw`grant select, insert on all tables in schema ${name} to tenantry_tenant, tenantry_fleet`.execute(kysely)
}
