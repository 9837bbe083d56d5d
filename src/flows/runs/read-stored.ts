import type { AppDefinition } from '#model/app.ts'
import type { ObjectId, TenantId } from '#model/ids.ts'
import { nearestName } from '#model/nearest-name.ts'
import { Problem } from '#model/problem.ts'
import type { DirectoryResource, ResourceDefinition, ResourceKind } from '#model/resource.ts'
import { resourcesOf, resourcesReadBy } from '#model/resources-of.ts'
import { endOfRound } from '#store/cursors.ts'
import { asTenant } from '#store/database/open.ts'
import { fingerprintOf } from '#store/fingerprint.ts'
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

/**
 * When a kind was last read to its end in a tenant, as the app asks for it today; null: not yet, so that what is stored may be a
 * part of it.
 * @throws Problem RESOURCE_UNKNOWN
 */
export async function whenRead(
  { store, config }: Pick<Tools, 'store' | 'config'>,
  { tenantId, kind }: { tenantId: TenantId; kind: ResourceKind },
): Promise<Date | null> {
  const fingerprint = fingerprintOf(assertRead(config.app, kind))
  return asTenant(store, tenantId, (sql) => endOfRound(sql, { kind, fingerprint }))
}

/** A misspelt kind, or one that the app may not read, would look like a directory without such objects. */
function assertRead(app: AppDefinition, kind: ResourceKind): ResourceDefinition {
  const read = resourcesReadBy(app)
  const definition = read.find((one) => one.kind === kind)
  if (definition) return definition
  const kinds = read.map((one) => one.kind)
  throw new Problem({
    code: 'RESOURCE_UNKNOWN',
    owner: 'operator',
    message: `No objects of kind ${kind} are read from directories.`,
    nextStep: howToRead(app, kind, kinds),
    retry: 'never',
    confidence: 'certain',
  })
}

function howToRead(app: AppDefinition, kind: ResourceKind, read: readonly ResourceKind[]): string {
  const declared = resourcesOf(app).find((definition) => definition.kind === kind)
  if (declared) return `Add ${declared.anyOf[0]} to the app’s permissions, with a reason that administrators read.`
  const near = nearestName(kind, read)
  if (near) return `Did you mean ${near}?`
  return `Declare the kind in the app’s resources, or ask for one that is read: ${read.join(', ')}.`
}
