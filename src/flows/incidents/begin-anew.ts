import { closeOver } from '#flows/incidents/hold-back.ts'
import { tryToken } from '#flows/incidents/try-token.ts'
import { asFleet } from '#store/database/open.ts'
import { isNamed } from '#store/incident-hosts.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'host'> & Parameters<typeof tryToken>[0]

/**
 * A worker that is started on a machine whose credential was refused: where its own is accepted, that is over there, and
 * nobody is to read for minutes that it is not. Another process of the machine that is still refused says so again.
 */
export async function beginAnew(tools: Needs): Promise<void> {
  const { store, host, entra, log } = tools
  if (!(await asFleet(store, (sql) => isNamed(sql, host)))) return
  if ((await tryToken(tools, entra.homeTenantId)) !== null) return
  await closeOver(tools, { over: host })
  log.info({ host }, 'Microsoft accepts the credential of this machine again')
}
