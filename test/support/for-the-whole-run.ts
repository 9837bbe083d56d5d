import { type PostgresServer, SERVER_VARIABLE, startPostgres } from '#test/support/postgres.ts'

let server: PostgresServer | null = null

/** Node's test runner calls this before the first file; every file's process inherits the address. */
export async function globalSetup(): Promise<void> {
  server = await startPostgres()
  process.env[SERVER_VARIABLE] = server.adminUrl
}

export async function globalTeardown(): Promise<void> {
  await server?.stop()
}
