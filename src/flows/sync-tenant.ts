import { randomUUID } from 'node:crypto'
import { appToken } from '#entra/app-token.ts'
import { loseConsent } from '#flows/lose-consent.ts'
import { settleDoubt } from '#flows/settle-doubt.ts'
import { groupPages } from '#graph/groups.ts'
import type { Graph } from '#graph/open.ts'
import type { Page } from '#graph/pages.ts'
import { userPages } from '#graph/users.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { RunId, TenantId } from '#model/ids.ts'
import { missingRoles } from '#model/permission.ts'
import { diagnose } from '#model/problem.ts'
import { type DirectoryResource, READ_PERMISSIONS, type ResourceKind } from '#model/resource.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import { asTenant } from '#store/open.ts'
import { removeUnseen, upsertResources } from '#store/resources.ts'
import { finishRun, holdRun, recordPage, startRun } from '#store/sync-runs.ts'
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
 * what the directory no longer has is removed once all pages have been seen. Safe to repeat and to kill. Only what the
 * app declares a permission for is read.
 * @throws Problem what stopped it, after recording it with the run and with the tenant
 */
export async function syncTenant(
  tools: Pick<Tools, 'config' | 'store' | 'clock' | 'jobs' | 'entra' | 'log' | 'graphAsApp'>,
  { tenantId, signal }: { tenantId: TenantId; signal: AbortSignal },
): Promise<void> {
  const { config, store, jobs, entra } = tools
  const tenant = await asTenant(store, tenantId, (sql) => findTenant(sql, tenantId))
  if (!tenant || !WORKING_STATES.includes(tenant.state)) return
  const runId = randomUUID() as RunId
  await asTenant(store, tenantId, (sql) => startRun(sql, { id: runId }))
  try {
    const removed = await readEverything(tools, { tenantId, runId, signal })
    const { roles } = await appToken(entra, tenantId)
    const complete = missingRoles(config.app.permissions, roles).length === 0
    await asTenant(store, tenantId, async (sql) => {
      await finishRun(sql, runId, { state: 'succeeded', removed, diagnosis: null })
      // What this run's token carries does not fit what we thought of the tenant: a fresh token will tell.
      if (complete !== (tenant.state === 'active')) await enqueue(jobs, sql, 'verify-tenant', { tenantId })
    })
  } catch (thrown) {
    const error = signal.aborted ? thrown : await settleDoubt(tools, thrown)
    const state = signal.aborted ? 'interrupted' : 'failed'
    const diagnosis = signal.aborted ? null : diagnose(error)
    await asTenant(store, tenantId, (sql) => finishRun(sql, runId, { state, removed: 0, diagnosis }))
    if (!signal.aborted) await loseConsent(tools, { tenantId, actor: 'daemon', error })
    throw error
  }
}

/** @returns how many objects have gone from the directory */
async function readEverything(
  { config, store, graphAsApp }: Pick<Tools, 'config' | 'store' | 'graphAsApp'>,
  { tenantId, runId, signal }: { tenantId: TenantId; runId: RunId; signal: AbortSignal },
): Promise<number> {
  const graph = graphAsApp(tenantId)
  const declared = config.app.permissions.map(({ value }) => value)
  const readers = READERS.filter(({ kind }) => READ_PERMISSIONS[kind].some((value) => declared.includes(value)))
  let removed = 0
  for (const { kind, pages } of readers) {
    for await (const { items } of pages(graph, { signal })) {
      await asTenant(store, tenantId, async (sql) => {
        await holdRun(sql, runId)
        await upsertResources(sql, runId, items)
        await recordPage(sql, runId, { kind, count: items.length })
      })
    }
    removed += await asTenant(store, tenantId, async (sql) => {
      await holdRun(sql, runId)
      return removeUnseen(sql, kind, runId)
    })
  }
  return removed
}
