import type { Clock } from '#emulator/clock.ts'
import { assignAppRole } from '#emulator/directory/app-role-assignments.ts'
import { addApplication, findApplication, updateApplication } from '#emulator/directory/applications.ts'
import { DIRECTORY_ROLES } from '#emulator/directory/directory-roles.ts'
import { guidOf } from '#emulator/directory/ids.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import { contentsOf, type Directory, openDirectory } from '#emulator/directory/open.ts'
import { addGrant } from '#emulator/directory/permission-grants.ts'
import { updateSecurity } from '#emulator/directory/security.ts'
import {
  ensureServicePrincipal,
  findServicePrincipalByAppId,
  updateServicePrincipal,
} from '#emulator/directory/service-principals.ts'
import { addTenant, findTenant } from '#emulator/directory/tenants.ts'
import type { Tenant, User } from '#emulator/directory/types.ts'
import { addUser, findUser, findUserByName } from '#emulator/directory/users.ts'
import { makeAccessPolicy } from '#emulator/estate/access-policy.ts'
import { FOUNDED, makeApplication, requiredAccess } from '#emulator/estate/application.ts'
import { populate } from '#emulator/estate/populate.ts'
import { type Estate, estateSchema } from '#emulator/estate/schema.ts'

/** The estate is not what it should be; `mistakes` says everything that is wrong. */
export class EstateError extends Error {
  readonly mistakes: readonly string[]
  constructor(mistakes: readonly string[]) {
    super(
      `The estate has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`,
    )
    this.name = 'EstateError'
    this.mistakes = mistakes
  }
}

/**
 * Builds a directory from an estate.
 * @throws EstateError with all mistakes together
 */
export function loadEstate(json: unknown, clock: Clock): Directory {
  const parsed = estateSchema.safeParse(json)
  if (!parsed.success)
    throw new EstateError(
      parsed.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'estate'}: ${issue.message}`),
    )
  const mistakes: string[] = []
  // An estate is old: nothing of it lags.
  const directory = openDirectory({ ...clock, now: () => FOUNDED })
  for (const tenant of parsed.data.tenants) loadTenant(directory, tenant, mistakes)
  for (const tenant of parsed.data.tenants) loadGuests(directory, tenant, mistakes)
  for (const tenant of parsed.data.tenants) loadPolicies(directory, tenant, mistakes)
  for (const application of parsed.data.applications) loadApplication(directory, application, clock.now(), mistakes)
  // An application may ask for permissions of any other: all must be there first.
  for (const application of parsed.data.applications)
    updateApplication(directory, application.appId, {
      requiredResourceAccess: requiredAccess(directory, application, mistakes),
    })
  // What cannot be registered has been told already, and is not told again wherever it is named.
  const lost = new Set(
    parsed.data.applications.map(({ appId }) => appId).filter((id) => !findApplication(directory, id)),
  )
  const seen = new Set<string>()
  for (const presence of parsed.data.servicePrincipals)
    if (!lost.has(presence.appId)) loadPresence(directory, presence, { mistakes, seen })
  if (mistakes.length > 0) throw new EstateError(mistakes)
  directory.clock = clock
  return directory
}

function loadTenant(directory: Directory, entry: Estate['tenants'][number], mistakes: string[]): void {
  const tenant: Tenant = {
    id: entry.id,
    displayName: entry.displayName,
    domains: entry.domains.map((name, index) => ({
      name,
      isDefault: index === 0,
      isInitial: name.endsWith('.onmicrosoft.com'),
    })),
    countryLetterCode: entry.countryLetterCode,
    createdAt: FOUNDED,
    userConsent: entry.userConsent,
    adminConsentWorkflow: entry.adminConsentWorkflow,
    conditionalAccess: [],
    premium: entry.premium,
  }
  if (findTenant(directory, tenant.id)) mistakes.push(`tenants: ${tenant.id} stands twice`)
  for (const { name } of tenant.domains)
    if (findTenant(directory, name)) mistakes.push(`tenants: the domain ${name} belongs to two tenants`)
  addTenant(directory, tenant)
  for (const user of entry.users) {
    if (user.guestOf) continue
    const made = makeUser(tenant, user, mistakes)
    complainOfTwin(directory, made, mistakes)
    addUser(directory, made)
    const { passwordExpired, secondFactor: hasSecondFactor } = user
    if (passwordExpired || !hasSecondFactor)
      updateSecurity(directory, tenant.id, made.id, { passwordExpired, hasSecondFactor })
  }
  populate(directory, tenant, entry.generated)
}

/** Guests come last: their home may be any other tenant of the estate. */
function loadGuests(directory: Directory, entry: Estate['tenants'][number], mistakes: string[]): void {
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

function loadPolicies(directory: Directory, entry: Estate['tenants'][number], mistakes: string[]): void {
  const contents = contentsOf(directory, entry.id)
  const complain = (mistake: string) => mistakes.push(`tenants ${entry.displayName}: ${mistake}`)
  contents.tenant = {
    ...contents.tenant,
    conditionalAccess: entry.conditionalAccess.map((policy) => makeAccessPolicy(directory, entry.id, policy, complain)),
  }
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
      const role = DIRECTORY_ROLES.find(
        ({ displayName, templateId }) => displayName === wanted || templateId === wanted,
      )
      if (!role)
        mistakes.push(
          `tenants ${tenant.displayName}: ${entry.userPrincipalName} has the unknown directory role '${wanted}'`,
        )
      return role ? [role.templateId] : []
    }),
    home: null,
  }
}

function loadApplication(
  directory: Directory,
  entry: Estate['applications'][number],
  now: Date,
  mistakes: string[],
): void {
  const home = findTenant(directory, entry.homeTenant)
  if (!home) {
    mistakes.push(`applications ${entry.displayName}: no tenant ${entry.homeTenant}`)
    return
  }
  if (findApplication(directory, entry.appId)) mistakes.push(`applications: ${entry.appId} stands twice`)
  addApplication(directory, makeApplication(entry, home, now, mistakes))
  ensureServicePrincipal(directory, home.id, entry.appId)
}

function loadPresence(
  directory: Directory,
  entry: Estate['servicePrincipals'][number],
  { mistakes, seen }: { mistakes: string[]; seen: Set<string> },
): void {
  const tenant = findTenant(directory, entry.tenant)
  const application = findApplication(directory, entry.appId)
  if (!tenant || !application) {
    mistakes.push(`servicePrincipals: no ${tenant ? `application ${entry.appId}` : `tenant ${entry.tenant}`}`)
    return
  }
  const place = `${tenant.id} ${application.appId}`
  if (seen.has(place))
    mistakes.push(`servicePrincipals ${application.displayName}: stands twice in ${tenant.displayName}`)
  seen.add(place)
  const { servicePrincipal } = ensureServicePrincipal(directory, tenant.id, application.appId)
  const { accountEnabled, appRoleAssignmentRequired } = entry
  updateServicePrincipal(directory, tenant.id, servicePrincipal.id, { accountEnabled, appRoleAssignmentRequired })
  const graph = findApplication(directory, MICROSOFT_GRAPH)
  const graphHere = findServicePrincipalByAppId(directory, tenant.id, MICROSOFT_GRAPH)
  if (!graph || !graphHere) return
  for (const value of entry.application) {
    const role = graph.appRoles.find((candidate) => candidate.value === value)
    if (!role)
      mistakes.push(
        `servicePrincipals ${application.displayName}: Microsoft Graph has no application permission '${value}'`,
      )
    else
      assignAppRole(directory, tenant.id, {
        principalId: servicePrincipal.id,
        principalType: 'ServicePrincipal',
        resourceId: graphHere.id,
        appRoleId: role.id,
      })
  }
  for (const value of entry.delegated)
    if (!graph.delegatedPermissions.some((permission) => permission.value === value))
      mistakes.push(
        `servicePrincipals ${application.displayName}: Microsoft Graph has no delegated permission '${value}'`,
      )
  if (entry.delegated.length > 0)
    addGrant(directory, tenant.id, {
      clientId: servicePrincipal.id,
      consentType: 'AllPrincipals',
      principalId: null,
      resourceId: graphHere.id,
      scope: entry.delegated,
    })
  for (const [value, names] of Object.entries(entry.assignedUsers)) {
    const role = application.appRoles.find((candidate) => candidate.value === value)
    for (const name of names) {
      const user = findUser(directory, tenant.id, name)
      if (!role || !user)
        mistakes.push(
          `servicePrincipals ${application.displayName}: no ${role ? `user ${name}` : `app role '${value}'`}`,
        )
      else
        assignAppRole(directory, tenant.id, {
          principalId: user.id,
          principalType: 'User',
          resourceId: servicePrincipal.id,
          appRoleId: role.id,
        })
    }
  }
}
