import { findApplicationByResource } from '#emulator/directory/applications.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import type { Directory } from '#emulator/directory/open.ts'
import type { Application, DelegatedPermission } from '#emulator/directory/types.ts'
import { EntraError } from '#emulator/entra/errors.ts'

export const OIDC_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

/** Delegated permissions of one resource. */
export type PermissionsOf = { resource: Application; permissions: DelegatedPermission[] }

/** What a list of scopes asks for: of OpenID Connect, and of a resource; an authorization request may name several. */
export type AskedScopes = {
  oidc: string[]
  /** The first that is named; a token is for this one. */
  resource: Application
  /** As the client named it: an address or a client id. */
  resourceName: string
  /** `.default`: everything that was ever granted, or what the registration lists. */
  isDefault: boolean
  /** Of `resource`, with those of OpenID Connect, which are Microsoft Graph's. */
  permissions: DelegatedPermission[]
  /** Of every resource that is named, `resource` first. */
  all: PermissionsOf[]
  /** As the client spelled them. */
  asked: string[]
}

/** @throws EntraError 70011 for a scope that nobody offers, 500011 for a resource that does not exist */
export function readScopes(directory: Directory, scopes: readonly string[], tenantName: string): AskedScopes {
  const oidc = scopes.filter((scope) => OIDC_SCOPES.includes(scope.toLowerCase()))
  const others = scopes.filter((scope) => !OIDC_SCOPES.includes(scope.toLowerCase())).map(splitScope)
  const isDefault = others.some(({ name }) => name === '.default')
  if (isDefault && others.length > 1) throw new EntraError(70011, scopes.join(' '))

  const resourceOf = (name: string): Application => {
    const found = findApplicationByResource(directory, name)
    if (!found) throw new EntraError(500011, name, tenantName)
    return found
  }
  const resourceName = others[0]?.resource ?? MICROSOFT_GRAPH
  const resource = resourceOf(resourceName)
  const named = others.map(({ resource: owner, name, scope }) => ({
    owner: resourceOf(owner),
    permission: name === '.default' ? null : name,
    scope,
  }))
  const graph = resourceOf(MICROSOFT_GRAPH)
  const openId = graph.delegatedPermissions.filter((permission) => oidc.includes(permission.value))
  const permissionsOf = (owner: Application): DelegatedPermission[] => [
    ...(owner.appId === graph.appId ? openId : []),
    ...named
      .filter((candidate) => candidate.owner.appId === owner.appId && candidate.permission !== null)
      .map(({ permission, scope }) => findPermission(owner, permission ?? '', scope)),
  ]
  const owners = [
    ...new Map(
      [resource, ...named.map(({ owner }) => owner), ...(openId.length > 0 ? [graph] : [])].map((owner) => [
        owner.appId,
        owner,
      ]),
    ).values(),
  ]
  return {
    oidc,
    resource,
    resourceName,
    isDefault,
    permissions: permissionsOf(resource),
    all: owners.map((owner) => ({ resource: owner, permissions: permissionsOf(owner) })),
    asked: [...scopes],
  }
}

function findPermission(owner: Application, name: string, scope: string): DelegatedPermission {
  const found = owner.delegatedPermissions.find(({ value }) => value.toLowerCase() === name.toLowerCase())
  if (!found) throw new EntraError(70011, scope)
  return found
}

/** `https://graph.microsoft.com/User.Read` and `https://x//.default` (a resource that ends in a slash) alike. */
export function splitScope(scope: string): { scope: string; resource: string; name: string } {
  const cut = scope.lastIndexOf('/')
  return cut < 0
    ? { scope, resource: MICROSOFT_GRAPH, name: scope }
    : { scope, resource: scope.slice(0, cut), name: scope.slice(cut + 1) }
}
