import { assignAppRole } from '#emulator/directory/app-role-assignments.ts'
import { GLOBAL_ADMINISTRATOR, mayConsentForAll, mayGrantGraphRoles } from '#emulator/directory/directory-roles.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import type { Directory } from '#emulator/directory/open.ts'
import {
  addGrant,
  delegatedScopesOf,
  grantsOf,
  mergeGrant,
  removeGrant,
} from '#emulator/directory/permission-grants.ts'
import { ensureServicePrincipal, findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import type { Application, AppRole, DelegatedPermission, Tenant, User } from '#emulator/directory/types.ts'
import type { AskedScopes } from '#emulator/entra/scopes.ts'

/** What stands on the consent page, or why there is none. */
export type ConsentNeed =
  | { kind: 'none' }
  | { kind: 'ask'; permissions: DelegatedPermission[]; mayConsentForAll: boolean }
  /** Only an administrator can say yes. */
  | { kind: 'approval'; permissions: DelegatedPermission[] }

type Parties = { tenant: Tenant; user: User; application: Application }

/** The delegated permissions that `.default` stands for in the registration. */
export const registeredPermissions = (application: Application, resource: Application): DelegatedPermission[] => {
  const ids = application.requiredResourceAccess
    .filter((access) => access.resourceAppId === resource.appId)
    .flatMap((access) => access.resourceAccess.filter(({ type }) => type === 'Scope').map(({ id }) => id))
  return resource.delegatedPermissions.filter((permission) => ids.includes(permission.id))
}

export const registeredRoles = (application: Application, resource: Application): AppRole[] => {
  const ids = application.requiredResourceAccess
    .filter((access) => access.resourceAppId === resource.appId)
    .flatMap((access) => access.resourceAccess.filter(({ type }) => type === 'Role').map(({ id }) => id))
  return resource.appRoles.filter((role) => ids.includes(role.id))
}

export function grantedScopes(
  directory: Directory,
  { tenant, user, application }: Parties,
  resource: Application,
): string[] {
  const client = findServicePrincipalByAppId(directory, tenant.id, application.appId)
  const service = findServicePrincipalByAppId(directory, tenant.id, resource.appId)
  return client && service
    ? delegatedScopesOf(directory, tenant.id, { clientId: client.id, resourceId: service.id, userId: user.id })
    : []
}

/** @see https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope */
export function consentNeed(
  directory: Directory,
  parties: Parties,
  asked: AskedScopes,
  prompt: string | null,
): ConsentNeed {
  const granted = grantedScopes(directory, parties, asked.resource)
  const wanted = asked.isDefault ? registeredPermissions(parties.application, asked.resource) : asked.permissions
  const missing = asked.isDefault
    ? granted.length > 0
      ? []
      : wanted
    : wanted.filter((permission) => !granted.includes(permission.value))
  if (prompt !== 'consent' && missing.length === 0) return { kind: 'none' }
  const permissions = prompt === 'consent' ? wanted : missing
  const { user, tenant } = parties
  if (mayConsentForAll(user.directoryRoles))
    return { kind: 'ask', permissions, mayConsentForAll: user.directoryRoles.includes(GLOBAL_ADMINISTRATOR) }
  const needsAdmin = missing.some((permission) => permission.type === 'Admin')
  const foreign = parties.application.tenantId !== tenant.id
  const risky =
    tenant.userConsent === 'low' &&
    foreign &&
    parties.application.verifiedPublisher === null &&
    missing.some(({ value }) => !BASIC.includes(value))
  return needsAdmin || tenant.userConsent === 'disabled' || risky
    ? { kind: 'approval', permissions }
    : { kind: 'ask', permissions, mayConsentForAll: false }
}

const BASIC: readonly string[] = ['openid', 'profile', 'email', 'offline_access', 'User.Read']

/** Records a consent: the service principal comes into being, and what was consented to before stays. */
export function recordConsent(
  directory: Directory,
  { tenant, user, application }: Parties,
  {
    resource,
    permissions,
    forAll,
  }: { resource: Application; permissions: readonly DelegatedPermission[]; forAll: boolean },
): void {
  const { servicePrincipal: client } = ensureServicePrincipal(directory, tenant.id, application.appId)
  const { servicePrincipal: service } = ensureServicePrincipal(directory, tenant.id, resource.appId)
  mergeGrant(directory, tenant.id, {
    clientId: client.id,
    resourceId: service.id,
    consentType: forAll ? 'AllPrincipals' : 'Principal',
    principalId: forAll ? null : user.id,
    scope: permissions.map(({ value }) => value),
  })
}

/**
 * Administrator consent: everything that the registration lists, delegated and application, replaces what was granted for
 * everybody before. App roles of Graph are given only by those who may.
 * @returns the app roles that this administrator was not allowed to give
 * @see https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
 */
export function recordAdminConsent(
  directory: Directory,
  { tenant, user, application }: Parties,
  resource: Application,
  permissions: readonly DelegatedPermission[],
  roles: readonly AppRole[],
): AppRole[] {
  const { servicePrincipal: client } = ensureServicePrincipal(directory, tenant.id, application.appId)
  const { servicePrincipal: service } = ensureServicePrincipal(directory, tenant.id, resource.appId)
  for (const grant of grantsOf(directory, tenant.id, client.id))
    if (grant.resourceId === service.id && grant.consentType === 'AllPrincipals')
      removeGrant(directory, tenant.id, grant.id)
  if (permissions.length > 0)
    addGrant(directory, tenant.id, {
      clientId: client.id,
      resourceId: service.id,
      consentType: 'AllPrincipals',
      principalId: null,
      scope: permissions.map(({ value }) => value),
    })
  if (roles.length > 0 && resource.appId === MICROSOFT_GRAPH && !mayGrantGraphRoles(user.directoryRoles))
    return [...roles]
  for (const role of roles)
    assignAppRole(directory, tenant.id, {
      principalId: client.id,
      principalType: 'ServicePrincipal',
      resourceId: service.id,
      appRoleId: role.id,
    })
  return []
}
