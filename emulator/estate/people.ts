import { findDirectoryRole } from '#emulator/directory/directory-roles.ts'
import { guidOf } from '#emulator/directory/ids.ts'
import { contentsOf, type Directory } from '#emulator/directory/open.ts'
import { updateSecurity } from '#emulator/directory/security.ts'
import { findTenant } from '#emulator/directory/tenants.ts'
import type { Tenant, User } from '#emulator/directory/types.ts'
import { addUser, findUser, findUserByName } from '#emulator/directory/users.ts'
import type { Estate } from '#emulator/estate/schema.ts'

/** Who is at home here. */
export function loadMembers(
  directory: Directory,
  tenant: Tenant,
  entry: Estate['tenants'][number],
  mistakes: string[],
): void {
  for (const user of entry.users) {
    if (user.guestOf) continue
    const made = makeUser(tenant, user, mistakes)
    complainOfTwin(directory, made, mistakes)
    addUser(directory, made)
    const { passwordExpired, secondFactor: hasSecondFactor } = user
    if (passwordExpired || !hasSecondFactor)
      updateSecurity(directory, tenant.id, made.id, { passwordExpired, hasSecondFactor })
  }
}

/** Guests come last: their home may be any other tenant of the estate. */
export function loadGuests(directory: Directory, entry: Estate['tenants'][number], mistakes: string[]): void {
  const tenant = findTenant(directory, entry.id)
  for (const user of entry.users) {
    if (!user.guestOf || !tenant) continue
    const home = findUserByName(directory, user.guestOf)
    if (!home)
      mistakes.push(
        `tenants ${entry.displayName}: the guest ${user.userPrincipalName} has no home account ${user.guestOf}`,
      )
    else {
      const made = makeUser(tenant, user, mistakes)
      complainOfTwin(directory, made, mistakes)
      addUser(directory, { ...made, userType: 'Guest', home: { tenantId: home.tenantId, objectId: home.id } })
    }
  }
}

/** Two with one name or one id would be one, silently. */
function complainOfTwin(directory: Directory, { tenantId, id, userPrincipalName }: User, mistakes: string[]): void {
  const { tenant, users } = contentsOf(directory, tenantId)
  if (findUser(directory, tenantId, userPrincipalName))
    mistakes.push(`tenants ${tenant.displayName}: the user ${userPrincipalName} stands twice`)
  else if (users.get(id)) mistakes.push(`tenants ${tenant.displayName}: two users have the id ${id}`)
}

function makeUser(tenant: Tenant, entry: Estate['tenants'][number]['users'][number], mistakes: string[]): User {
  const [givenName = null, ...rest] = entry.displayName.split(' ')
  const domain = entry.userPrincipalName.split('@').at(-1)?.toLowerCase()
  if (!tenant.domains.some(({ name }) => name.toLowerCase() === domain))
    mistakes.push(`tenants ${tenant.displayName}: ${entry.userPrincipalName} is of none of its domains`)
  return {
    id: entry.id ?? guidOf('user', tenant.id, entry.userPrincipalName.toLowerCase()),
    tenantId: tenant.id,
    userPrincipalName: entry.userPrincipalName,
    displayName: entry.displayName,
    givenName,
    surname: rest.join(' ') || null,
    mail: entry.mail === undefined ? entry.userPrincipalName : entry.mail,
    jobTitle: entry.jobTitle ?? null,
    department: null,
    officeLocation: null,
    mobilePhone: null,
    businessPhones: [],
    preferredLanguage: null,
    accountEnabled: entry.accountEnabled,
    userType: 'Member',
    createdAt: tenant.createdAt,
    password: entry.password ?? null,
    directoryRoles: entry.roles.flatMap((wanted) => {
      const role = findDirectoryRole(wanted)
      if (!role)
        mistakes.push(
          `tenants ${tenant.displayName}: ${entry.userPrincipalName} has the unknown directory role '${wanted}'`,
        )
      return role ? [role.templateId] : []
    }),
    home: null,
  }
}
