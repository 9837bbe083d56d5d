import {
  findApplication,
  findApplicationById,
  findApplicationNamed,
  listApplications,
  takesPersonalAccounts,
} from '#emulator/directory/applications.ts'
import type { Application } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import { notFound } from '#emulator/graph/errors.ts'
import { collection, countOf, entity } from '#emulator/graph/odata/collection.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { keyOf } from '#emulator/graph/path.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { APPLICATION } from '#emulator/graph/resources/application-type.ts'
import { owners } from '#emulator/graph/resources/expansions.ts'
import { get, type Route } from '#emulator/graph/route.ts'

/** The application in the path, by id, appId or unique name; at home in the caller's tenant. @throws GraphError 404 */
export function applicationIn(call: Call): Application {
  const found = knownIn(call)
  if (!found || call.world.lag.hidesApplication(found)) throw notFound(call.params.id ?? '')
  return found
}

/** The same, also one that this replica has not heard of. */
export function knownIn({ world, caller, params }: Call): Application | null {
  const id = params.id ?? ''
  const [appId, uniqueName] = [keyOf(id, 'appId'), keyOf(id, 'uniqueName')]
  if (uniqueName !== null) return findApplicationNamed(world.directory, caller.tenantId, uniqueName)
  const found =
    appId === null
      ? findApplicationById(world.directory, caller.tenantId, id.toLowerCase())
      : findApplication(world.directory, appId)
  return found?.tenantId === caller.tenantId ? found : null
}

/** Of a new application that says nothing of it. */
export const DEFAULT_AUDIENCE: Application['signInAudience'] = 'AzureADandPersonalMicrosoftAccount'

/** Changing an application that takes personal accounts has a limit of its own. */
export const isPersonal = (call: Call): boolean => takesPersonalAccounts(knownIn(call)?.signInAudience)

/** Unless told, a new application takes them. */
export const becomesPersonal = async (call: Call): Promise<boolean> => {
  const { signInAudience = DEFAULT_AUDIENCE } = await call.body().catch(() => ({ signInAudience: null }))
  return takesPersonalAccounts(signInAudience)
}

const EXPANDABLE: EntityType<Application> = { ...APPLICATION, expand: { owners } }

const all = ({ world, caller }: Call) => ({
  type: EXPANDABLE,
  items: listApplications(world.directory, caller.tenantId),
  context: 'applications',
})

export const applicationRoutes: readonly Route[] = [
  get(
    'applications',
    NEEDS.readApplications,
    (call) =>
      collection(call, { ...all(call), visible: (application) => !call.world.lag.hidesApplication(application) }),
    { units: 2 },
  ),
  get('applications/$count', NEEDS.readApplications, (call) => countOf(call, all(call))),
  get('applications/{id}', NEEDS.readApplications, (call) =>
    entity(call, { type: EXPANDABLE, item: applicationIn(call), context: 'applications' }),
  ),
]
