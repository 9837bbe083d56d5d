import type { AppDefinition } from '#model/app.ts'
import type { ObjectId, TenantId } from '#model/ids.ts'
import { nearestName } from '#model/nearest-name.ts'
import { Problem } from '#model/problem.ts'
import type { DirectoryResource, ResourceKind } from '#model/resource.ts'
import { resourcesOf } from '#model/resources-of.ts'
import { asTenant } from '#store/database/open.ts'
import { listResources } from '#store/resources.ts'
import type { Tools } from '#tools.ts'

const PAGE = 500

/**
 * What the directory sync has stored of one kind in a tenant, in the order of their ids.
 * @param options.before called before the database is asked for more
 * @throws Problem RESOURCE_UNKNOWN
 */
export async function* readStored(
  { store, config }: Pick<Tools, 'store' | 'config'>,
  { tenantId, kind }: { tenantId: TenantId; kind: ResourceKind },
  { before = () => {} }: { before?: () => void } = {},
): AsyncGenerator<DirectoryResource> {
  assertRead(config.app, kind)
  for (let after: ObjectId | undefined; ; ) {
    before()
    const page = await asTenant(store, tenantId, (sql) =>
      listResources(sql, { kind, limit: PAGE, ...(after ? { after } : {}) }),
    )
    yield* page
    after = page.at(-1)?.id
    if (page.length < PAGE) return
  }
}

/** A misspelt kind would look like a directory without such objects. */
function assertRead(app: AppDefinition, kind: ResourceKind): void {
  const kinds = resourcesOf(app).map((definition) => definition.kind)
  if (kinds.includes(kind)) return
  const near = nearestName(kind, kinds)
  throw new Problem({
    code: 'RESOURCE_UNKNOWN',
    owner: 'operator',
    message: `No objects of kind ${kind} are read from directories.`,
    nextStep: near
      ? `Did you mean ${near}?`
      : `Declare the kind in the app’s resources, or ask for one that is read: ${kinds.join(', ')}.`,
    retry: 'never',
    confidence: 'certain',
  })
}
