import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/**
 * A real PostgreSQL server for tests: started once, thrown away at the end. `npm test` starts one for the whole run
 * (`test/support/for-the-whole-run.ts`); a test file that is run by itself starts its own.
 *
 *   const databaseUrl = await freshDatabase()
 */
export type PostgresServer = {
  /** The superuser's way in; tests of the product never use it to work. */
  adminUrl: string
  /** The server's own folder. */
  folder: string
  /** Ends it and everything that it has. */
  stop(): Promise<void>
  /** SIGKILL, as when its machine fails. Whoever is connected is cut off. */
  crash(): void
  /** In order and at once, as an administrator stops it: who is connected is told so and cut off. */
  halt(): void
  /** After a crash or a halt: on the same port, with what it had told of as committed. */
  start(): Promise<void>
  /** SIGSTOP: it says nothing any more, and nobody is cut off. */
  freeze(): void
  thaw(): void
}

/** Where the server of the whole run is written down for the processes of the tests. */
export const SERVER_VARIABLE = 'TENANTRY_TEST_POSTGRES_URL'

const DEBIAN = '/usr/lib/postgresql'
/** A folder with `initdb` and `postgres`: another release than the newest that Debian’s packages have put here. */
const PROGRAMS_VARIABLE = 'POSTGRES_PROGRAMS'
/** As a hosted PostgreSQL gives one: owns its database, may create roles, is no superuser and cannot bypass row-level security. */
const OWNER = 'tenantry_owner'

let ownServer: Promise<PostgresServer> | null = null

async function adminUrl(): Promise<string> {
  const ofTheRun = process.env[SERVER_VARIABLE]
  if (ofTheRun) return ofTheRun
  ownServer ??= startPostgres()
  return (await ownServer).adminUrl
}

/**
 * A new, empty database on the tests' server.
 * @returns postgres://… for a user that owns it and is no superuser
 * @throws when no PostgreSQL is installed, saying how to install it
 */
export async function freshDatabase(server: Pick<PostgresServer, 'adminUrl'> | null = null): Promise<string> {
  const admin = server?.adminUrl ?? (await adminUrl())
  const name = `t_${randomUUID().replaceAll('-', '')}`
  await withClient(admin, (client) => client.query(`create database ${name} owner ${OWNER}`))
  const url = new URL(admin)
  url.username = OWNER
  url.pathname = `/${name}`
  return url.href
}

/** A database of its own with everything that another one holds, to which nobody may be connected. */
export async function copyOfDatabase(databaseUrl: string): Promise<string> {
  const name = `t_${randomUUID().replaceAll('-', '')}`
  const original = new URL(databaseUrl).pathname.slice(1)
  await withClient(await adminUrl(), (client) =>
    client.query(`create database ${name} owner ${OWNER} template ${original}`),
  )
  return Object.assign(new URL(databaseUrl), { pathname: `/${name}` }).href
}

/** The same database, for whoever has to see the rows of all tenants: row-level security binds the owner too. */
export const seeingEverything = async (databaseUrl: string): Promise<string> =>
  Object.assign(new URL(await adminUrl()), { pathname: new URL(databaseUrl).pathname }).href

/** Whoever is still connected is cut off. */
export const removeDatabase = async (databaseUrl: string): Promise<void> => {
  const name = new URL(databaseUrl).pathname.slice(1)
  await withClient(await adminUrl(), (client) => client.query(`drop database ${name} with (force)`))
}

/** The database takes nobody in any more, and whoever is connected is cut off. */
export const closeDatabase = async (databaseUrl: string, admin?: string): Promise<void> => {
  const name = new URL(databaseUrl).pathname.slice(1)
  await withClient(admin ?? (await adminUrl()), async (client) => {
    await client.query(`alter database ${name} allow_connections false`)
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
  })
}

/** After `closeDatabase`. */
export const reopenDatabase = async (databaseUrl: string, admin?: string): Promise<void> => {
  const name = new URL(databaseUrl).pathname.slice(1)
  await withClient(admin ?? (await adminUrl()), (client) =>
    client.query(`alter database ${name} allow_connections true`),
  )
}

/** Runs `work` on a connection of its own, outside the product's pool. */
export async function withClient<Value>(url: string, work: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * Runs one of PostgreSQL’s own programs to its end, such as `pg_dump`.
 * @throws with what it wrote, when it fails
 */
export const runProgram = (name: string, args: readonly string[]): void => {
  execFileSync(join(findPrograms(), name), args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Starts a server in a new folder, on a free port of this machine only. It ends with this process, however that ends. */
export async function startPostgres({
  keepsCommits = false,
}: {
  /** Whether a commit is written before it is told of, so that a crash loses none. */
  keepsCommits?: boolean
} = {}): Promise<PostgresServer> {
  const programs = findPrograms()
  const account = serverAccount()
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-postgres-'))
  const password = randomBytes(16).toString('hex')
  writeFileSync(join(folder, 'password'), password)
  if (account) for (const path of [folder, join(folder, 'password')]) chownSync(path, account.uid, account.gid)
  const options = { cwd: folder, env: { PATH: `${programs}:${process.env.PATH}`, LC_ALL: 'C.UTF-8' }, ...account }

  execFileSync(
    'initdb',
    `--pgdata data --username postgres --pwfile password --auth scram-sha-256 --encoding UTF8 --no-sync`.split(' '),
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const port = await freePort()
  const child = spawn('sh', ['-c', WATCHED], {
    ...options,
    env: { ...options.env, SETTINGS: settings(port, folder, keepsCommits), FOLDER: folder },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  if (child.stdin && 'unref' in child.stdin) (child.stdin as { unref(): void }).unref()
  const adminUrl = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  await untilReady(adminUrl, child, join(folder, 'log'))
  await withClient(adminUrl, (client) => client.query(`create role ${OWNER} login createrole password '${password}'`))
  const data = join(folder, 'data')
  const signal = (name: NodeJS.Signals) => {
    for (const pid of serversIn(data)) process.kill(pid, name)
  }
  return {
    adminUrl,
    folder,
    crash: () => signal('SIGKILL'),
    halt() {
      execFileSync('pg_ctl', ['stop', '--pgdata', 'data', '--mode', 'fast', '--wait'], { ...options, stdio: 'ignore' })
    },
    async start() {
      child.stdin?.write('start\n')
      await untilReady(adminUrl, child, join(folder, 'log'))
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async stop() {
      if (child.exitCode !== null) return
      child.ref()
      child.stdin?.end()
      await once(child, 'exit')
    },
  }
}

/**
 * Nobody has to remember to stop the server: it ends when the pipe to this process closes, and takes its folder with it. Ctrl-C
 * is told to all of a terminal's processes, so it must not end the one that clears up.
 */
const WATCHED = `
trap '' INT TERM HUP
serve() { postgres -D data $SETTINGS >>log 2>&1 & server=$!; }
serve
while read -r _; do wait $server; serve; done
kill -INT $server
wait $server
cd / && rm -rf "$FOLDER"`

/** The process that owns the folder, and those that it has started. */
function serversIn(data: string): number[] {
  const first = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
  const children = readFileSync(`/proc/${first}/task/${first}/children`, 'utf8')
  return [first, ...children.split(' ').map(Number).filter(Boolean)]
}

/** The tests' data is thrown away, so nothing waits for a disk. */
const settings = (port: number, folder: string, keepsCommits: boolean): string =>
  [
    `-p ${port}`,
    '-h 127.0.0.1',
    `-k ${folder}`,
    '-N 200',
    '-c fsync=off',
    `-c synchronous_commit=${keepsCommits ? 'on' : 'off'}`,
    '-c full_page_writes=off',
    '-c max_wal_size=256MB',
  ].join(' ')

/** @throws when there is none, saying how to install it: a run without PostgreSQL has not shown what it claims. */
function findPrograms(): string {
  const named = process.env[PROGRAMS_VARIABLE]
  const folders = named
    ? [named]
    : [
        ...(existsSync(DEBIAN) ? readdirSync(DEBIAN) : [])
          .sort((left, right) => Number(right) - Number(left))
          .map((version) => join(DEBIAN, version, 'bin')),
        ...(process.env.PATH ?? '').split(':'),
      ]
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
  if (found) return found
  throw new Error(
    'The tests need the programs of a PostgreSQL server (initdb, postgres), 15 or newer. Install them, for example with: apt-get install postgresql',
  )
}

/** PostgreSQL refuses to run as root; Debian's package makes the account `postgres` for it. */
function serverAccount(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const idOf = (which: '-u' | '-g') => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('The operating system gave no port.')
  return address.port
}

const READY_WITHIN_MILLISECONDS = 30_000

async function untilReady(url: string, child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MILLISECONDS
  for (;;) {
    try {
      return await withClient(url, async (client) => void (await client.query('select 1')))
    } catch (error) {
      if (child.exitCode === null && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        continue
      }
      const written = existsSync(log) ? readFileSync(log, 'utf8').slice(-2_000) : ''
      throw new Error(`PostgreSQL did not start. ${written}`, { cause: error })
    }
  }
}
