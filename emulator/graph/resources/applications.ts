import { findApplication, findApplicationById, listApplications } from '#emulator/directory/applications.ts'
import type { Application } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import { notFound } from '#emulator/graph/errors.ts'
import { collection, countOf, entity } from '#emulator/graph/odata/collection.ts'
import { keyOf } from '#emulator/graph/path.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { APPLICATION } from '#emulator/graph/resources/application-type.ts'
import { get, type Route } from '#emulator/graph/route.ts'

/** The application in the path, by id or appId; at home in the caller's tenant. @throws GraphError 404 */
export function applicationIn({ world, caller, params }: Call): Application {
  const id = params.id ?? ''
  const appId = keyOf(id, 'appId')
  const found =
    appId === null
      ? findApplicationById(world.directory, caller.tenantId, id.toLowerCase())
      : findApplication(world.directory, appId)
  if (!found || found.tenantId !== caller.tenantId || world.lag.hidesApplication(found)) throw notFound(id)
  return found
}

const all = ({ world, caller }: Call) => ({
  type: APPLICATION,
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
    entity(call, { type: APPLICATION, item: applicationIn(call), context: 'applications' }),
  ),
]
