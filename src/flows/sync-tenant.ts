import { randomUUID } from 'node:crypto'
import { loseConsent } from '#flows/lose-consent.ts'
import { groupPages } from '#graph/groups.ts'
import type { Graph } from '#graph/open.ts'
import type { Page } from '#graph/pages.ts'
import { userPages } from '#graph/users.ts'
import type { RunId, TenantId } from '#model/ids.ts'
import { diagnose } from '#model/problem.ts'
import type { DirectoryResource, ResourceKind } from '#model/resource.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import { asTenant } from '#store/open.ts'
import { removeUnseen, upsertResources } from '#store/resources.ts'
import { finishRun, recordPage, startRun } from '#store/sync-runs.ts'
import { findTenant } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

type Reader = {
  kind: ResourceKind
  pages: (graph: Graph, options: { signal: AbortSignal }) => AsyncIterable<Page<DirectoryResource>>
}

/** What a sync reads, in this order. Adding a kind of object is a line here and its reader in `graph/`. */
const READERS: readonly Reader[] = [
  { kind: 'user', pages: userPages },
  { kind: 'group', pages: groupPages },
]

/**
 * Reads a tenant's directory to the last page and stores it. Each page, its counters and the run are saved together;
 * what the directory no longer has is removed once all pages have been seen. Safe to repeat and to kill.
 * @throws Problem what stopped it, after recording it with the run and with the tenant
 */
export async function syncTenant(
  tools: Pick<Tools, 'store' | 'clock' | 'jobs' | 'entra' | 'log' | 'graphAsApp'>,
  { tenantId, signal }: { tenantId: TenantId; signal: AbortSignal },
): Promise<void> {
  const { store, graphAsApp } = tools
  const tenant = await asTenant(store, tenantId, (sql) => findTenant(sql, tenantId))
  if (!tenant || !WORKING_STATES.includes(tenant.state)) return
  const runId = randomUUID() as RunId
  await asTenant(store, tenantId, (sql) => startRun(sql, { id: runId }))
  try {
    const graph = graphAsApp(tenantId)
    let removed = 0
    for (const { kind, pages } of READERS) {
      for await (const { items } of pages(graph, { signal })) {
        await asTenant(store, tenantId, async (sql) => {
          await upsertResources(sql, runId, items)
          await recordPage(sql, runId, { kind, count: items.length })
        })
      }
      removed += await asTenant(store, tenantId, (sql) => removeUnseen(sql, kind, runId))
    }
    await asTenant(store, tenantId, (sql) => finishRun(sql, runId, { state: 'succeeded', removed, diagnosis: null }))
  } catch (error) {
    const state = signal.aborted ? 'interrupted' : 'failed'
    const diagnosis = signal.aborted ? null : diagnose(error)
    await asTenant(store, tenantId, (sql) => finishRun(sql, runId, { state, removed: 0, diagnosis }))
    if (!signal.aborted) await loseConsent(tools, { tenantId, actor: 'daemon', error })
    throw error
  }
}
