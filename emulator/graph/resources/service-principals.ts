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
import { type Answer, type Call, noContent, param, textIn } from '#emulator/graph/call.ts'
import { badRequest, denied, GraphError, notFound, sameKey } from '#emulator/graph/errors.ts'
import { collection, countOf, entity } from '#emulator/graph/odata/collection.ts'
import { keyOf } from '#emulator/graph/path.ts'
import { holds, NEEDS } from '#emulator/graph/permissions.ts'
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

const all = (call: Call) => {
  const items = [...listServicePrincipals(call.world.directory, call.caller.tenantId)]
  return { type: SERVICE_PRINCIPAL, items, context: 'servicePrincipals' }
}

/** Only what the question would find is asked about, so that lag counts questions about the new one. */
function list(call: Call): Answer {
  const { items, ...of } = all(call)
  return collection(call, { ...of, items, visible: (principal) => !call.world.lag.hidesServicePrincipal(principal) })
}

async function create(call: Call): Promise<Answer> {
  const { world, caller } = call
  const body = await call.body()
  const appId = textIn(body, 'appId').toLowerCase()
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
    updateServicePrincipal(world.directory, caller.tenantId, servicePrincipal.id, readPatch(body)) ?? servicePrincipal
  return entity(call, { type: SERVICE_PRINCIPAL, item: changed, context: 'servicePrincipals', status: 201 })
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
  updateServicePrincipal(call.world.directory, call.caller.tenantId, known.id, readPatch(await call.body()))
  return noContent()
}

/** @throws GraphError 400 for a property of another type */
function readPatch(body: Record<string, unknown>): Partial<ServicePrincipal> {
  const read: Partial<ServicePrincipal> = {}
  for (const name of ['accountEnabled', 'appRoleAssignmentRequired'] as const) {
    const value = body[name]
    if (value === undefined || value === null) continue
    if (typeof value !== 'boolean')
      throw badRequest(`Invalid value specified for property '${name}' of resource 'ServicePrincipal'.`)
    read[name] = value
  }
  if (typeof body.displayName === 'string') read.displayName = body.displayName
  return read
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
    entity(call, { type: SERVICE_PRINCIPAL, item: servicePrincipalIn(call), context: 'servicePrincipals' }),
  ),
  post('servicePrincipals', NEEDS.createServicePrincipals, create),
  patch('servicePrincipals/{id}', NEEDS.writeServicePrincipals, update),
  remove('servicePrincipals/{id}', NEEDS.deleteServicePrincipals, removeOne),
]
