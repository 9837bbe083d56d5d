import { z } from 'zod'
import { findApplication } from '#emulator/directory/applications.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import {
  ensureServicePrincipal,
  findServicePrincipal,
  findServicePrincipalByAppId,
  listServicePrincipals,
  removeServicePrincipal,
  updateServicePrincipal,
} from '#emulator/directory/service-principals.ts'
import type { Application, ServicePrincipal } from '#emulator/directory/types.ts'
import { readBody } from '#emulator/graph/body.ts'
import { type Answer, type Call, noContent, param } from '#emulator/graph/call.ts'
import { denied, GraphError, notFound, sameKey } from '#emulator/graph/errors.ts'
import { collection, countOf, entity } from '#emulator/graph/odata/collection.ts'
import { createdEntity, placeOf } from '#emulator/graph/odata/created.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { keyOf } from '#emulator/graph/path.ts'
import { holds, NEEDS } from '#emulator/graph/permissions.ts'
import { memberOf, owners } from '#emulator/graph/resources/expansions.ts'
import { checkOwner, ownNew } from '#emulator/graph/resources/owned.ts'
import { SERVICE_PRINCIPAL } from '#emulator/graph/resources/service-principal-type.ts'
import { get, patch, post, type Route, remove } from '#emulator/graph/route.ts'

/** The service principal in the path, by id or appId; a new one may not have reached every replica. @throws GraphError 404 */
export function servicePrincipalIn(call: Call): ServicePrincipal {
  const found = lookUp(call, param(call, 'id'))
  if (!found || call.world.lag.hidesServicePrincipal(found)) throw notFound(param(call, 'id'))
  return found
}

/** The same for writes, which reach the one replica that took the last write. @throws GraphError 404 */
export function servicePrincipalToWrite(call: Call): ServicePrincipal {
  const found = lookUp(call, param(call, 'id'))
  if (!found) throw notFound(param(call, 'id'))
  return found
}

function lookUp({ world, caller }: Call, id: string): ServicePrincipal | null {
  const appId = keyOf(id, 'appId')
  return appId === null
    ? findServicePrincipal(world.directory, caller.tenantId, id.toLowerCase())
    : findServicePrincipalByAppId(world.directory, caller.tenantId, appId.toLowerCase())
}

const EXPANDABLE: EntityType<ServicePrincipal> = { ...SERVICE_PRINCIPAL, expand: { owners, memberOf } }

const all = (call: Call) => {
  const items = [...listServicePrincipals(call.world.directory, call.caller.tenantId)]
  return { type: EXPANDABLE, items, context: 'servicePrincipals' }
}

/** Only what the question would find is asked about, so that lag counts questions about the new one. */
function list(call: Call): Answer {
  const { items, ...of } = all(call)
  return collection(call, { ...of, items, visible: (principal) => !call.world.lag.hidesServicePrincipal(principal) })
}

/** What is the tenant's own of it; the rest comes from the application. */
const changeable = z.object({
  accountEnabled: z.boolean().nullish(),
  appRoleAssignmentRequired: z.boolean().nullish(),
  displayName: z.string().nullish(),
})
const asked = changeable.extend({ appId: z.string().min(1) })

const changesIn = (given: z.output<typeof changeable>): Partial<ServicePrincipal> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null))

async function create(call: Call): Promise<Answer> {
  const { world, caller } = call
  const { appId: given, ...changes } = await readBody(call, asked, SERVICE_PRINCIPAL)
  const appId = given.toLowerCase()
  const application = findApplication(world.directory, appId)
  const isForeign = application?.tenantId !== caller.tenantId
  if (!application || (isForeign && application.signInAudience === 'AzureADMyOrg')) throw noBackingObject(appId)
  checkBacking(call, application)
  if (isForeign && !caller.user && !holds(caller, 'Application.ReadWrite.All', 'Directory.ReadWrite.All'))
    throw notInLocalTenant()
  const { servicePrincipal, created } = ensureServicePrincipal(world.directory, caller.tenantId, appId)
  if (!created)
    throw sameKey(
      `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`,
    )
  ownNew(call, servicePrincipal)
  const changed =
    updateServicePrincipal(world.directory, caller.tenantId, servicePrincipal.id, changesIn(changes)) ??
    servicePrincipal
  return createdEntity(call, {
    type: SERVICE_PRINCIPAL,
    item: changed,
    context: 'servicePrincipals',
    place: placeOf('ServicePrincipal', changed.id),
  })
}

/** A new application reaches the replica that makes service principals last. */
function checkBacking({ world }: Call, application: Application): void {
  const refusal = world.lag.refusesBacking(application)
  if (refusal === 'no backing object') throw noBackingObject(application.appId)
  if (refusal === 'not in the local tenant') throw notInLocalTenant()
}

const notInLocalTenant = (): GraphError =>
  new GraphError(
    403,
    'Authorization_RequestDenied',
    'When using this permission, the backing application of the service principal being created must in the local tenant',
  )

function noBackingObject(appId: string): GraphError {
  const message = `The appId '${appId}' of the service principal does not reference a valid application object.`
  return new GraphError(400, 'Request_BadRequest', message, {
    details: [{ code: 'NoBackingApplicationObject', message, target: 'appId' }],
  })
}

async function update(call: Call): Promise<Answer> {
  const known = ownServicePrincipalIn(call)
  const changes = changesIn(await readBody(call, changeable, SERVICE_PRINCIPAL))
  updateServicePrincipal(call.world.directory, call.caller.tenantId, known.id, changes)
  return noContent()
}

/** Ends the application's presence: its grants and assignments go, its tokens are refused. */
function removeOne(call: Call): Answer {
  const known = ownServicePrincipalIn(call)
  if (known.appId === MICROSOFT_GRAPH) throw denied()
  removeServicePrincipal(call.world.directory, call.caller.tenantId, known.id)
  return noContent()
}

/** @throws GraphError 403 when the caller may change only what it owns, and this is not */
export function ownServicePrincipalIn(call: Call): ServicePrincipal {
  const known = servicePrincipalToWrite(call)
  checkOwner(call, known)
  return known
}

export const servicePrincipalRoutes: readonly Route[] = [
  get('servicePrincipals', NEEDS.readApplications, list),
  get('servicePrincipals/$count', NEEDS.readApplications, (call) => countOf(call, all(call))),
  get('servicePrincipals/{id}', NEEDS.readApplications, (call) =>
    entity(call, { type: EXPANDABLE, item: servicePrincipalIn(call), context: 'servicePrincipals' }),
  ),
  post('servicePrincipals', NEEDS.createServicePrincipals, create),
  patch('servicePrincipals/{id}', NEEDS.writeServicePrincipals, update),
  remove('servicePrincipals/{id}', NEEDS.deleteServicePrincipals, removeOne),
]
