import type { Clock } from '#emulator/clock.ts'
import { addApplication, findApplication, updateApplication } from '#emulator/directory/applications.ts'
import { contentsOf, type Directory, openDirectory } from '#emulator/directory/open.ts'
import { ensureServicePrincipal } from '#emulator/directory/service-principals.ts'
import { addTenant, findTenant } from '#emulator/directory/tenants.ts'
import type { Tenant } from '#emulator/directory/types.ts'
import { makeAccessPolicy } from '#emulator/estate/access-policy.ts'
import { FOUNDED, makeApplication, requiredAccess } from '#emulator/estate/application.ts'
import { loadGuests, loadMembers } from '#emulator/estate/people.ts'
import { populate } from '#emulator/estate/populate.ts'
import { loadPresence } from '#emulator/estate/presence.ts'
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
  loadMembers(directory, tenant, entry, mistakes)
  populate(directory, tenant, entry.generated)
}

function loadPolicies(directory: Directory, entry: Estate['tenants'][number], mistakes: string[]): void {
  const contents = contentsOf(directory, entry.id)
  const complain = (mistake: string) => mistakes.push(`tenants ${entry.displayName}: ${mistake}`)
  contents.tenant = {
    ...contents.tenant,
    conditionalAccess: entry.conditionalAccess.map((policy) => makeAccessPolicy(directory, entry.id, policy, complain)),
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
