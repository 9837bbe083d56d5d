import { listTenantsFor } from '#flows/tenants/show-tenants.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import type { ResourceKind } from '#model/resource.ts'
import { resourcesReadBy } from '#model/resources-of.ts'
import { addAudit } from '#store/audit.ts'
import { asTenant } from '#store/database/open.ts'
import { removeKind } from '#store/resources.ts'
import type { Tools } from '#tools.ts'

const TENANTS_AT_A_TIME = 100

/**
 * Deletes in every tenant what is left of a kind that is no longer read, with its cursor. Safe to repeat, and
 * to break off between two tenants.
 * @returns how many objects that were, and of how many tenants
 * @throws Problem CONFIGURATION_INVALID for a kind that is read; whatever `signal` was aborted with
 */
export async function forgetKind(
  tools: Pick<Tools, 'store' | 'config'>,
  { kind, actor, signal }: { kind: ResourceKind; actor: string; signal: AbortSignal },
): Promise<{ tenants: number; objects: number }> {
  if (resourcesReadBy(tools.config.app).some((definition) => definition.kind === kind)) throw stillRead(kind)
  const forgotten = { tenants: 0, objects: 0 }
  for (let after: TenantId | undefined; ; ) {
    const page = await listTenantsFor(tools, { limit: TENANTS_AT_A_TIME, ...(after ? { after } : {}) })
    for (const { id } of page) {
      signal.throwIfAborted()
      const objects = await forgetIn(tools, { tenantId: id, kind, actor })
      forgotten.objects += objects
      if (objects > 0) forgotten.tenants += 1
    }
    after = page.at(-1)?.id
    if (page.length < TENANTS_AT_A_TIME) return forgotten
  }
}

/** A large directory goes in parts; what has gone is written down with the last of them. */
async function forgetIn(
  { store }: Pick<Tools, 'store'>,
  { tenantId, kind, actor }: { tenantId: TenantId; kind: ResourceKind; actor: string },
): Promise<number> {
  for (let objects = 0; ; ) {
    const isDone = await asTenant(store, tenantId, async (sql) => {
      const { removed, left } = await removeKind(sql, kind)
      objects += removed
      if (left) return false
      if (objects > 0)
        await addAudit(sql, { tenantId, actor, action: 'tenant.kind-forgotten', detail: { kind, objects } })
      return true
    })
    if (isDone) return objects
  }
}

const stillRead = (kind: ResourceKind) =>
  new Problem({
    code: 'CONFIGURATION_INVALID',
    owner: 'operator',
    message: `Objects of kind ${kind} are read from directories; what was deleted would be read again.`,
    nextStep: 'Take the kind out of the configuration, start the processes anew, and then forget it.',
    retry: 'never',
    confidence: 'certain',
  })
