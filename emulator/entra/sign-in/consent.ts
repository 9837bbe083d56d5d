import { assignAppRole } from '#emulator/directory/app-role-assignments.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { GLOBAL_ADMINISTRATOR, mayConsentForAll } from '#emulator/directory/directory-roles.ts'
import { isFirstParty, needsNoConsent, preauthorizedScopes } from '#emulator/directory/first-party.ts'
import type { Directory } from '#emulator/directory/open.ts'
import {
  addGrant,
  delegatedScopesOf,
  grantsOf,
  mergeGrant,
  removeGrant,
} from '#emulator/directory/permission-grants.ts'
import { ensureServicePrincipal, findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import type {
  Application,
  AppRole,
  DelegatedPermission,
  ServicePrincipal,
  Tenant,
  User,
} from '#emulator/directory/types.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { AskedScopes, PermissionsOf } from '#emulator/entra/scopes.ts'

/** Why a user may not say yes himself: the permission, the tenant's policy, or an unverified publisher. */
export type ApprovalReason = 90094 | 90093 | 900941

/** What stands on the consent page, or why there is none. */
export type ConsentNeed =
  | { kind: 'none' }
  | { kind: 'ask'; wanted: PermissionsOf[]; mayConsentForAll: boolean }
  /** Only an administrator can say yes. */
  | { kind: 'approval'; wanted: PermissionsOf[]; reason: ApprovalReason }

export type Parties = { tenant: Tenant; user: User; application: Application }

/**
 * The delegated and application permissions that a registration lists, resource by resource.
 * @throws EntraError 65005 for a resource that is nowhere, 650054 for a permission that it has no more
 */
export const registered = (
  directory: Directory,
  application: Application,
): { resource: Application; permissions: DelegatedPermission[]; roles: AppRole[] }[] =>
  application.requiredResourceAccess.flatMap(({ resourceAppId, resourceAccess }) => {
    const resource = findApplication(directory, resourceAppId)
    if (!resource) throw new EntraError(65005, resourceAppId, application.appId, application.displayName)
    const ids = (wanted: 'Scope' | 'Role') => resourceAccess.filter(({ type }) => type === wanted).map(({ id }) => id)
    const [scopes, roles] = [ids('Scope'), ids('Role')]
    const permissions = resource.delegatedPermissions.filter(({ id }) => scopes.includes(id))
    const appRoles = resource.appRoles.filter(({ id }) => roles.includes(id))
    if (permissions.length < new Set(scopes).size || appRoles.length < new Set(roles).size)
      throw new EntraError(650054, application.appId, resource.displayName)
    return [{ resource, permissions, roles: appRoles }]
  })

export function grantedScopes(
  directory: Directory,
  { tenant, user, application }: Parties,
  resource: Application,
): string[] {
  const preauthorized = preauthorizedScopes(application, resource)
  if (preauthorized.length > 0) return preauthorized
  const client = findServicePrincipalByAppId(directory, tenant.id, application.appId)
  const service = findServicePrincipalByAppId(directory, tenant.id, resource.appId)
  return client && service
    ? delegatedScopesOf(directory, tenant.id, { clientId: client.id, resourceId: service.id, userId: user.id })
    : []
}

/**
 * Who has to say yes to what, before a token can be given.
 * @throws EntraError 650052 for a resource that the tenant does not have, 650057 for one that is not registered, 650056 where
 * nothing is
 * @see https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope
 */
export function consentNeed(
  directory: Directory,
  parties: Parties,
  asked: AskedScopes,
  prompt: string | null,
): ConsentNeed {
  if (needsNoConsent(parties.application)) return { kind: 'none' }
  const wanted = (asked.isDefault ? registered(directory, parties.application) : asked.all).map((part) => ({
    resource: part.resource,
    permissions: part.permissions,
  }))
  const granted = (resource: Application) => grantedScopes(directory, parties, resource)
  const settled = asked.isDefault && granted(asked.resource).length > 0
  const missing = settled
    ? []
    : wanted
        .map(({ resource, permissions }) => {
          const already = granted(resource)
          return { resource, permissions: permissions.filter(({ value }) => !already.includes(value)) }
        })
        .filter(({ permissions }) => permissions.length > 0)
  if (asked.isDefault && !settled && !wanted.some(({ resource }) => resource.appId === asked.resource.appId)) {
    const { appId, displayName, requiredResourceAccess } = parties.application
    const valid = requiredResourceAccess.map(({ resourceAppId }) => resourceAppId)
    if (valid.length === 0) throw new EntraError(650056, asked.resource.displayName, appId)
    throw new EntraError(650057, appId, displayName, asked.resourceName, asked.resource.appId, valid.join(', '))
  }
  if (prompt !== 'consent' && missing.length === 0) return { kind: 'none' }
  for (const { resource } of wanted) resourceHere(directory, parties.tenant, resource)
  const shown = prompt === 'consent' ? wanted : missing
  const { directoryRoles } = parties.user
  if (mayConsentForAll(directoryRoles))
    return { kind: 'ask', wanted: shown, mayConsentForAll: directoryRoles.includes(GLOBAL_ADMINISTRATOR) }
  const reason = whyNot(
    directory,
    parties,
    missing.flatMap(({ permissions }) => permissions),
  )
  return reason === null
    ? { kind: 'ask', wanted: shown, mayConsentForAll: false }
    : { kind: 'approval', wanted: shown, reason }
}

/** @see https://learn.microsoft.com/entra/identity/enterprise-apps/configure-user-consent */
function whyNot(
  directory: Directory,
  { tenant, application }: Parties,
  missing: readonly DelegatedPermission[],
): ApprovalReason | null {
  if (missing.some(({ type }) => type === 'Admin')) return 90094
  const client = findServicePrincipalByAppId(directory, tenant.id, application.appId)
  if (tenant.userConsent === 'disabled' || client?.appRoleAssignmentRequired) return 90093
  const isStranger =
    application.tenantId !== tenant.id && application.verifiedPublisher === null && !isFirstParty(application)
  const asksMore = missing.some(({ value }) => !BASIC.includes(value))
  return tenant.userConsent === 'low' && isStranger && asksMore ? 900941 : null
}

const BASIC: readonly string[] = ['openid', 'profile', 'email', 'offline_access', 'User.Read']

/** A resource is used through its own service principal in the tenant; Microsoft Graph has one everywhere. */
function resourceHere(directory: Directory, tenant: Tenant, resource: Application): ServicePrincipal {
  const here = findServicePrincipalByAppId(directory, tenant.id, resource.appId)
  if (!here) throw new EntraError(650052, resource.appId, resource.displayName, tenant.id)
  return here
}

/** Records a consent: the service principal comes into being, and what was consented to before stays. */
export function recordConsent(
  directory: Directory,
  { tenant, user, application }: Parties,
  wanted: readonly PermissionsOf[],
  { forAll }: { forAll: boolean },
): void {
  const { servicePrincipal: client } = ensureServicePrincipal(directory, tenant.id, application.appId)
  for (const { resource, permissions } of wanted)
    mergeGrant(directory, tenant.id, {
      clientId: client.id,
      resourceId: resourceHere(directory, tenant, resource).id,
      consentType: forAll ? 'AllPrincipals' : 'Principal',
      principalId: forAll ? null : user.id,
      scope: permissions.map(({ value }) => value),
    })
}

export type AdminConsent = { resource: Application; permissions: DelegatedPermission[]; roles: AppRole[] }

/**
 * Administrator consent: what is listed replaces what was granted for everybody before; users’ own grants stay.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
 */
export function recordAdminConsent(
  directory: Directory,
  { tenant, application }: Parties,
  wanted: readonly AdminConsent[],
): void {
  const { servicePrincipal: client } = ensureServicePrincipal(directory, tenant.id, application.appId)
  for (const { resource, permissions, roles } of wanted) {
    const service = resourceHere(directory, tenant, resource)
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
    for (const role of roles)
      assignAppRole(directory, tenant.id, {
        principalId: client.id,
        principalType: 'ServicePrincipal',
        resourceId: service.id,
        appRoleId: role.id,
      })
  }
}
