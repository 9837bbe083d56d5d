import { findApplicationByResource } from '#emulator/directory/applications.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import type { Directory } from '#emulator/directory/open.ts'
import type { Application, DelegatedPermission } from '#emulator/directory/types.ts'
import { EntraError } from '#emulator/entra/errors.ts'

export const OIDC_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

/** What a list of scopes asks for: of OpenID Connect, and of one resource. */
export type AskedScopes = {
  oidc: string[]
  resource: Application
  /** As the client named it: an address or a client id. */
  resourceName: string
  /** `.default`: everything that was ever granted, or what the registration lists. */
  isDefault: boolean
  permissions: DelegatedPermission[]
  /** As the client spelled them. */
  asked: string[]
}

/** @throws EntraError 70011 for a scope that nobody offers, 500011 for a resource that does not exist */
export function readScopes(directory: Directory, scopes: readonly string[], tenantName: string): AskedScopes {
  const oidc = scopes.filter((scope) => OIDC_SCOPES.includes(scope.toLowerCase()))
  const others = scopes.filter((scope) => !OIDC_SCOPES.includes(scope.toLowerCase()))
  const parsed = others.map((scope) => ({ scope, ...splitScope(scope) }))
  const resourceName = parsed[0]?.resource ?? MICROSOFT_GRAPH
  const resource = findApplicationByResource(directory, resourceName)
  if (!resource) throw new EntraError(500011, resourceName, tenantName)
  const isDefault = parsed.some(({ name }) => name === '.default')
  if (isDefault && parsed.length > 1) throw new EntraError(70011, scopes.join(' '))
  const named = isDefault
    ? []
    : parsed.map(
        ({ scope, name }) =>
          resource.delegatedPermissions.find((permission) => permission.value.toLowerCase() === name.toLowerCase()) ??
          unknown(scope),
      )
  const openId = resource.delegatedPermissions.filter((permission) => oidc.includes(permission.value))
  return { oidc, resource, resourceName, isDefault, permissions: [...openId, ...named], asked: [...scopes] }
}

function unknown(scope: string): never {
  throw new EntraError(70011, scope)
}

/** `https://graph.microsoft.com/User.Read` and `https://x//.default` (a resource that ends in a slash) alike. */
export function splitScope(scope: string): { resource: string; name: string } {
  const cut = scope.lastIndexOf('/')
  return cut < 0
    ? { resource: MICROSOFT_GRAPH, name: scope }
    : { resource: scope.slice(0, cut), name: scope.slice(cut + 1) }
}
