import { makeTemplate, TEMPLATE_VARIABLE } from '#test/support/embedded-template.ts'
import { SERVER_VARIABLE, startPostgres } from '#test/support/postgres.ts'

const closing = new AsyncDisposableStack()

/** Node's test runner calls this before the first file; every file's process inherits the addresses. */
export async function globalSetup(): Promise<void> {
  const [server, template] = await Promise.all([startPostgres(), makeTemplate()])
  closing.defer(() => server.stop())
  closing.use(template)
  process.env[SERVER_VARIABLE] = server.adminUrl
  process.env[TEMPLATE_VARIABLE] = template.folder
}

export const globalTeardown = (): Promise<void> => closing.disposeAsync()
