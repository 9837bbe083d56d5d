import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { temporaryFolder } from '#test/support/backends.ts'
import { freePort } from '#test/support/ports.ts'
import { withClient } from '#test/support/postgres.ts'
import type { Scope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

const PROGRAM = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find((path) =>
  existsSync(path),
)

/** Why there is no test with it on this machine; false where there is. `.ci/run` installs it. */
export const WITHOUT_POOLER: string | false = PROGRAM ? false : 'PgBouncer is not installed'

/**
 * PgBouncer before a database, as its administrator has set it up. Ends with the test.
 * @param settings lines of the section `pgbouncer`
 * @returns the database's address behind it
 */
export async function openPooler(scope: Scope, databaseUrl: string, settings: string): Promise<string> {
  if (!PROGRAM) throw new Error('PgBouncer is not installed.')
  const folder = temporaryFolder(scope)
  const port = await freePort()
  const { hostname, port: serverPort, username, password, pathname } = new URL(databaseUrl)
  const file = join(folder, 'pgbouncer.ini')
  const account = userInfo().username === 'root' ? ['-u', 'postgres'] : []
  writeFileSync(
    file,
    `[databases]
tenantry = host=${hostname} port=${serverPort} dbname=${pathname.slice(1)} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
${settings}
`,
  )
  chmodSync(folder, 0o755)
  const child = spawn(PROGRAM, [...account, file], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  scope.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const url = `postgres://${username}@127.0.0.1:${port}/tenantry`
  await until('the pooler answers', () =>
    withClient(url, async (client) => (await client.query('select 1')).rowCount === 1).catch(() => false),
  )
  return url
}
