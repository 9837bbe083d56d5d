import type { GenerationId } from '#model/ids.ts'
import type { DirectoryResource } from '#model/resource.ts'
import type { TenantSql } from '#store/database/open.ts'
import { applyPage } from '#store/resources.ts'

/** Stores objects as if they had come on pages of Graph, one page for each kind. */
export async function upsertResources(
  sql: TenantSql,
  generation: GenerationId,
  resources: readonly DirectoryResource[],
): Promise<void> {
  for (const kind of new Set(resources.map((resource) => resource.kind))) {
    const last = new Map(resources.filter((one) => one.kind === kind).map((one) => [one.id, one]))
    const value = [...last.values()].map(({ id, displayName, properties }) => ({ ...properties, id, displayName }))
    const changed = { ids: [...last.keys()], json: JSON.stringify({ value }) }
    await applyPage(sql, { kind, key: 'id', generation }, { changed, removed: [], members: [] })
  }
}
