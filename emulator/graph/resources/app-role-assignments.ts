import {
  assignAppRole,
  assignmentsOf,
  assignmentsTo,
  findAssignment,
  removeAssignment,
} from '#emulator/directory/app-role-assignments.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR } from '#emulator/directory/directory-roles.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import { findServicePrincipal, findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import type { AppRoleAssignment, Guid, ServicePrincipal } from '#emulator/directory/types.ts'
import { type Answer, type Call, noContent, param, textIn } from '#emulator/graph/call.ts'
import { badRequest, GraphError, methodNotAllowed, notFound } from '#emulator/graph/errors.ts'
import { collection, entity } from '#emulator/graph/odata/collection.ts'
import { createdEntity, type DirectoryKind, placeBelow } from '#emulator/graph/odata/created.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { checkDirectoryRole, NEEDS, type Needs } from '#emulator/graph/permissions.ts'
import { groupIn } from '#emulator/graph/resources/groups.ts'
import { servicePrincipalIn, servicePrincipalToWrite } from '#emulator/graph/resources/service-principals.ts'
import { userIn } from '#emulator/graph/resources/users.ts'
import { get, patch, post, type Route, remove } from '#emulator/graph/route.ts'
import { stamp } from '#emulator/graph/stamp.ts'

/** @see https://learn.microsoft.com/graph/api/resources/approleassignment */
const APP_ROLE_ASSIGNMENT: EntityType<AppRoleAssignment> = {
  name: 'appRoleAssignment',
  properties: {
    id: { read: (assignment) => assignment.id, shown: true },
    deletedDateTime: { read: () => null, shown: true },
    appRoleId: { read: (assignment) => assignment.appRoleId, shown: true, filter: 'default', isGuid: true },
    createdDateTime: { read: (assignment) => stamp(assignment.createdAt), shown: true },
    principalDisplayName: {
      read: ({ principalId }, call) => principalOf(call, principalId)?.displayName ?? null,
      shown: true,
      filter: 'default',
    },
    principalId: { read: (assignment) => assignment.principalId, shown: true, filter: 'default', isGuid: true },
    principalType: { read: (assignment) => assignment.principalType, shown: true },
    resourceDisplayName: {
      read: ({ resourceId }, { contents }) => contents.servicePrincipals.get(resourceId)?.displayName ?? null,
      shown: true,
      filter: 'default',
    },
    resourceId: { read: (assignment) => assignment.resourceId, shown: true, filter: 'default', isGuid: true },
  },
}

/** For roles of an application that declares none. */
const DEFAULT_ROLE = '00000000-0000-0000-0000-000000000000'
const MAY_GRANT_GRAPH_ROLES = [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR]
const EXISTS = 'Permission being assigned already exists on the object'
const NO_REFERENCE = 'Not a valid reference update.'

type Principal = Pick<AppRoleAssignment, 'principalType'> & {
  displayName: string
  servicePrincipal: ServicePrincipal | null
}

function principalOf({ contents }: Call, id: Guid): Principal | null {
  const servicePrincipal = contents.servicePrincipals.get(id)
  if (servicePrincipal)
    return { principalType: 'ServicePrincipal', displayName: servicePrincipal.displayName, servicePrincipal }
  const user = contents.users.get(id)
  if (user) return { principalType: 'User', displayName: user.displayName, servicePrincipal: null }
  const group = contents.groups.get(id)
  return group ? { principalType: 'Group', displayName: group.displayName, servicePrincipal: null } : null
}

/**
 * The body decides who gets which role of which resource. The object in the path is one of the two; the Azure sample
 * names the resource where the documentation names the principal, and the live service takes both.
 * @see https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto
 */
async function assign(call: Call, { kind, set, name }: Owner, pathId: Guid): Promise<Answer> {
  const { world, caller } = call
  const body = await call.body()
  const principalId = textIn(body, 'principalId').toLowerCase()
  const resourceId = textIn(body, 'resourceId').toLowerCase()
  const appRoleId = textIn(body, 'appRoleId').toLowerCase()
  const resource = findServicePrincipal(world.directory, caller.tenantId, resourceId)
  const principal = principalOf(call, principalId)
  if (!resource) throw missing(call, resourceId)
  if (!principal) throw missing(call, principalId)
  if (pathId !== principalId && pathId !== resourceId) throw badRequest(NO_REFERENCE)
  if (resource.appId === MICROSOFT_GRAPH) checkDirectoryRole(caller, MAY_GRANT_GRAPH_ROLES)
  if (principal.servicePrincipal && world.lag.refusesReference(principal.servicePrincipal))
    throw badRequest(NO_REFERENCE)
  checkRole(call, { resource, appRoleId, principal })
  const { assignment, outcome } = assignAppRole(world.directory, caller.tenantId, {
    principalId,
    principalType: principal.principalType,
    resourceId,
    appRoleId,
  })
  if (outcome === 'exists')
    throw new GraphError(400, 'Request_BadRequest', EXISTS, {
      details: [{ code: 'InvalidUpdate', message: EXISTS, target: 'appRoleAssignment' }],
    })
  return createdEntity(call, {
    type: APP_ROLE_ASSIGNMENT,
    item: assignment,
    context: `${set}('${pathId}')/${name}`,
    place: placeBelow(kind, pathId, `${name}/${assignment.id}`),
  })
}

/** An application's client id where an object id belongs is the commonest mistake and has a text of its own. */
function missing({ world, caller }: Call, id: Guid): GraphError {
  const mixedUp =
    findServicePrincipalByAppId(world.directory, caller.tenantId, id) ?? findApplication(world.directory, id)
  return mixedUp ? badRequest(NO_REFERENCE) : notFound(id)
}

function checkRole(
  { world }: Call,
  { resource, appRoleId, principal }: { resource: ServicePrincipal; appRoleId: Guid; principal: Principal },
): void {
  const roles = findApplication(world.directory, resource.appId)?.appRoles ?? []
  const wanted = principal.principalType === 'ServicePrincipal' ? 'Application' : 'User'
  const fits =
    appRoleId === DEFAULT_ROLE
      ? !roles.some((role) => role.allowedMemberTypes.includes(wanted))
      : roles.some((role) => role.id === appRoleId && role.isEnabled && role.allowedMemberTypes.includes(wanted))
  if (!fits || world.lag.refusesAppRole(resource.appId, appRoleId))
    throw badRequest(`Permission being assigned was not found on application '${resource.appId}'.`)
}

function list(call: Call, items: AppRoleAssignment[], set: string): Answer {
  return collection(call, { type: APP_ROLE_ASSIGNMENT, items, context: set })
}

function findOne(call: Call, id: Guid): AppRoleAssignment {
  const key = param(call, 'assignment')
  const found = findAssignment(call.world.directory, call.caller.tenantId, key)
  if (!found || (found.principalId !== id && found.resourceId !== id)) throw notFound(key)
  return found
}

function removeOne(call: Call, id: Guid): Answer {
  const found = findOne(call, id)
  if (call.contents.servicePrincipals.get(found.resourceId)?.appId === MICROSOFT_GRAPH)
    checkDirectoryRole(call.caller, MAY_GRANT_GRAPH_ROLES)
  removeAssignment(call.world.directory, call.caller.tenantId, found.id)
  return noContent()
}

/** A collection of assignments: the owner's set, and the side of the assignment that it lists. */
type Owner = {
  path: string
  kind: DirectoryKind
  set: string
  name: 'appRoleAssignments' | 'appRoleAssignedTo'
  read: (call: Call) => { id: Guid }
  write: (call: Call) => { id: Guid }
  needs: Needs
  units?: number
}

const OWNERS: readonly Owner[] = [
  {
    path: 'servicePrincipals/{id}',
    kind: 'ServicePrincipal',
    set: 'servicePrincipals',
    name: 'appRoleAssignments',
    read: servicePrincipalIn,
    write: servicePrincipalToWrite,
    needs: NEEDS.readAssignments,
    units: 2,
  },
  {
    path: 'servicePrincipals/{id}',
    kind: 'ServicePrincipal',
    set: 'servicePrincipals',
    name: 'appRoleAssignedTo',
    read: servicePrincipalIn,
    write: servicePrincipalToWrite,
    needs: NEEDS.readAssignments,
  },
  {
    path: 'users/{id}',
    kind: 'User',
    set: 'users',
    name: 'appRoleAssignments',
    read: userIn,
    write: userIn,
    needs: NEEDS.readAssignmentsOfUsers,
  },
  {
    path: 'groups/{id}',
    kind: 'Group',
    set: 'groups',
    name: 'appRoleAssignments',
    read: groupIn,
    write: groupIn,
    needs: NEEDS.readAssignmentsOfGroups,
  },
]

export const appRoleAssignmentRoutes: readonly Route[] = [
  ...OWNERS.flatMap((owner): Route[] => {
    const { path, set, name, read, write, needs, units = 1 } = owner
    const context = (id: Guid) => `${set}('${id}')/${name}`
    const find = name === 'appRoleAssignments' ? assignmentsOf : assignmentsTo
    const listAll = (call: Call): Answer => {
      const { id } = read(call)
      return list(call, find(call.world.directory, call.caller.tenantId, id), context(id))
    }
    return [
      get(`${path}/${name}`, needs, listAll, { units }),
      get(`${path}/${name}/{assignment}`, needs, (call) => {
        const { id } = read(call)
        return entity(call, { type: APP_ROLE_ASSIGNMENT, item: findOne(call, id), context: context(id) })
      }),
      post(`${path}/${name}`, NEEDS.writeAssignments, (call) => assign(call, owner, write(call).id)),
      patch(`${path}/${name}/{assignment}`, NEEDS.writeAssignments, () => {
        throw methodNotAllowed()
      }),
      remove(`${path}/${name}/{assignment}`, NEEDS.writeAssignments, (call) => removeOne(call, write(call).id)),
    ]
  }),
  get('me/appRoleAssignments', { ...NEEDS.readAssignmentsOfUsers, userOnly: true }, (call) => {
    const { id } = userIn(call)
    return list(
      call,
      assignmentsOf(call.world.directory, call.caller.tenantId, id),
      `users('${id}')/appRoleAssignments`,
    )
  }),
]
