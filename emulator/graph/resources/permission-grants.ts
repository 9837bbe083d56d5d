import {
  addGrant,
  findGrant,
  grantsOf,
  listGrants,
  removeGrant,
  setScope,
} from '#emulator/directory/permission-grants.ts'
import type { PermissionGrant } from '#emulator/directory/types.ts'
import { type Answer, type Call, noContent, textIn } from '#emulator/graph/call.ts'
import { badRequest, notFound, sameKey } from '#emulator/graph/errors.ts'
import { collection, entity } from '#emulator/graph/odata/collection.ts'
import { createdEntity } from '#emulator/graph/odata/created.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { servicePrincipalIn } from '#emulator/graph/resources/service-principals.ts'
import { userIn } from '#emulator/graph/resources/users.ts'
import { get, patch, post, type Route, remove } from '#emulator/graph/route.ts'

/** @see https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant */
export const PERMISSION_GRANT: EntityType<PermissionGrant> = {
  name: 'oAuth2PermissionGrant',
  properties: {
    clientId: { read: (grant) => grant.clientId, shown: true, filter: 'default' },
    consentType: { read: (grant) => grant.consentType, shown: true, filter: 'default' },
    id: { read: (grant) => grant.id, shown: true },
    principalId: { read: (grant) => grant.principalId, shown: true, filter: 'default' },
    resourceId: { read: (grant) => grant.resourceId, shown: true, filter: 'default' },
    scope: { read: (grant) => grant.scope.join(' '), shown: true, filter: 'default' },
  },
}

function grantIn({ world, caller, ...call }: Call): PermissionGrant {
  const id = call.params.id ?? ''
  const grant = findGrant(world.directory, caller.tenantId, id)
  if (!grant) throw notFound(id)
  return grant
}

const scopesIn = (text: string): string[] => text.split(/\s+/).filter(Boolean)

const list = (call: Call, items: PermissionGrant[]): Answer =>
  collection(call, { type: PERMISSION_GRANT, items, context: 'oauth2PermissionGrants' })

async function create(call: Call): Promise<Answer> {
  const { world, caller, contents } = call
  const body = await call.body()
  const consentType = textIn(body, 'consentType')
  if (consentType !== 'AllPrincipals' && consentType !== 'Principal')
    throw badRequest("Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'.")
  const clientId = textIn(body, 'clientId').toLowerCase()
  const resourceId = textIn(body, 'resourceId').toLowerCase()
  const principalId = consentType === 'Principal' ? textIn(body, 'principalId').toLowerCase() : null
  for (const id of [clientId, resourceId]) if (!contents.servicePrincipals.has(id)) throw notFound(id)
  if (principalId !== null && !contents.users.has(principalId)) throw notFound(principalId)
  const { grant, outcome } = addGrant(world.directory, caller.tenantId, {
    clientId,
    consentType,
    principalId,
    resourceId,
    scope: scopesIn(typeof body.scope === 'string' ? body.scope : ''),
  })
  if (outcome === 'exists') throw sameKey('Permission entry already exists.')
  return createdEntity(call, {
    type: PERMISSION_GRANT,
    item: grant,
    context: 'oauth2PermissionGrants',
    // Like those of domains and of credentials; nobody has recorded one.
    place: `oauth2PermissionGrants/${grant.id}`,
  })
}

/** Replaces the whole list of scopes. */
async function update(call: Call): Promise<Answer> {
  const grant = grantIn(call)
  const { scope } = await call.body()
  if (typeof scope !== 'string')
    throw badRequest("A value is required for property 'scope' of resource 'OAuth2PermissionGrant'.")
  setScope(call.world.directory, call.caller.tenantId, grant.id, scopesIn(scope))
  return noContent()
}

function removeOne(call: Call): Answer {
  removeGrant(call.world.directory, call.caller.tenantId, grantIn(call).id)
  return noContent()
}

const ofUser = (call: Call): Answer => {
  const { id } = userIn(call)
  return list(
    call,
    listGrants(call.world.directory, call.caller.tenantId).filter((grant) => grant.principalId === id),
  )
}

export const permissionGrantRoutes: readonly Route[] = [
  get(
    'oauth2PermissionGrants',
    NEEDS.readGrants,
    (call) => list(call, listGrants(call.world.directory, call.caller.tenantId)),
    { units: 2 },
  ),
  get(
    'oauth2PermissionGrants/{id}',
    NEEDS.readGrants,
    (call) => entity(call, { type: PERMISSION_GRANT, item: grantIn(call), context: 'oauth2PermissionGrants' }),
    { units: 2 },
  ),
  post('oauth2PermissionGrants', NEEDS.writeGrants, create),
  patch('oauth2PermissionGrants/{id}', NEEDS.writeGrants, update),
  remove('oauth2PermissionGrants/{id}', NEEDS.writeGrants, removeOne),
  get('servicePrincipals/{id}/oauth2PermissionGrants', NEEDS.readGrants, (call) =>
    list(call, grantsOf(call.world.directory, call.caller.tenantId, servicePrincipalIn(call).id)),
  ),
  get('users/{id}/oauth2PermissionGrants', NEEDS.readGrants, ofUser),
  get('me/oauth2PermissionGrants', { ...NEEDS.readGrants, userOnly: true }, ofUser),
]
