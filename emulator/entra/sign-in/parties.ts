import { assignmentsOfUser } from '#emulator/directory/app-role-assignments.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { policiesForUser } from '#emulator/directory/conditional-access.ts'
import { contentsOf } from '#emulator/directory/open.ts'
import { findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import type { Application, Tenant, User } from '#emulator/directory/types.ts'
import { findGuest, findUser } from '#emulator/directory/users.ts'
import { type Authority, PERSONAL_ACCOUNTS, resolveAuthority } from '#emulator/entra/authority.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { type AskedScopes, readScopes } from '#emulator/entra/scopes.ts'
import { type ConsentNeed, consentNeed, type Parties } from '#emulator/entra/sign-in/consent.ts'
import type { AuthorizeRequest, Interaction } from '#emulator/entra/state.ts'
import type { World } from '#emulator/world.ts'

/**
 * Who is signed in, in which tenant, to what.
 * @throws EntraError 50057, and what `enterTenant` throws
 */
export function partiesOf(world: World, { user: account, request }: Pick<Interaction, 'user' | 'request'>): Parties {
  const application = findApplication(world.directory, request.appId)
  const home = account ? findUser(world.directory, account.tenantId, account.id) : null
  if (!application || !home) throw new EntraError(50058)
  if (!home.accountEnabled) throw new EntraError(50057)
  return enterTenant(world, home, application, resolveAuthority(world.directory, request.authority))
}

/**
 * From home into the tenant that was asked for, as the guest one is there.
 * @throws EntraError 50020, or 90072 where a second factor would be wanted, for an account that is a stranger there
 */
export function enterTenant({ directory }: World, home: User, application: Application, authority: Authority): Parties {
  const homeTenant = contentsOf(directory, home.tenantId).tenant
  const stranger = (where: string, code: 50020 | 90072 = 50020) =>
    new EntraError(
      code,
      home.userPrincipalName,
      `https://sts.windows.net/${homeTenant.id}/`,
      where,
      application.appId,
      application.displayName,
    )
  if (!authority.tenant) {
    if (home.tenantId === PERSONAL_ACCOUNTS && authority.kind !== 'consumers')
      throw stranger('any work or school directory')
    return { tenant: homeTenant, user: home, application }
  }
  const { tenant } = authority
  if (tenant.id === home.tenantId) return { tenant, user: home, application }
  const user = findGuest(directory, tenant.id, home)
  if (!user) throw stranger(tenant.displayName, wantsSecondFactor(tenant, home, application) ? 90072 : 50020)
  if (!user.accountEnabled) throw new EntraError(50057)
  return { tenant, user, application }
}

export const askedBy = ({ directory }: World, { scopes }: AuthorizeRequest, { tenant }: Parties): AskedScopes =>
  readScopes(directory, scopes, tenant.displayName)

export const needOf = (world: World, { request }: Interaction, parties: Parties): ConsentNeed =>
  consentNeed(world.directory, parties, askedBy(world, request, parties), request.prompt)

const wantsSecondFactor = (tenant: Tenant, user: User, { appId }: Application): boolean =>
  policiesForUser(tenant, user, [appId]).some(({ requires }) => requires === 'mfa')

/** @throws EntraError 50105 where only assigned users, themselves or by a group, may come in */
export function refuseUnassigned({ directory }: World, { tenant, user, application }: Parties): void {
  const client = findServicePrincipalByAppId(directory, tenant.id, application.appId)
  if (!client?.appRoleAssignmentRequired) return
  const isAssigned = assignmentsOfUser(directory, user).some(({ resourceId }) => resourceId === client.id)
  if (!isAssigned) throw new EntraError(50105, application.displayName, application.appId, user.userPrincipalName)
}
