import type { Clock } from '#emulator/clock.ts'
import { firstPartyApplications } from '#emulator/directory/first-party.ts'
import type { Journal } from '#emulator/directory/journal.ts'
import { microsoftGraph } from '#emulator/directory/microsoft-graph.ts'
import type {
  AccountSecurity,
  Application,
  AppRoleAssignment,
  Group,
  Guid,
  PermissionGrant,
  ServicePrincipal,
  Tenant,
  User,
} from '#emulator/directory/types.ts'
import type { UserTable } from '#emulator/directory/user-table.ts'

export type Member = { id: Guid; kind: 'user' | 'group' | 'servicePrincipal' }

/** Deleted for now: it can be restored for 30 days. */
export type Deleted = { at: Date } & (
  | { kind: 'user'; of: User }
  | { kind: 'group'; of: Group }
  | { kind: 'application'; of: Application }
  | { kind: 'servicePrincipal'; of: ServicePrincipal; assignments: AppRoleAssignment[]; grants: PermissionGrant[] }
)

/** Everything of one tenant, apart from every other. */
export type TenantContents = {
  tenant: Tenant
  users: UserTable
  groups: Map<Guid, Group>
  members: Map<Guid, Map<Guid, Member>>
  servicePrincipals: Map<Guid, ServicePrincipal>
  servicePrincipalsByAppId: Map<Guid, Guid>
  /** Who owns an application, a service principal or a group, by the id of what is owned. */
  owners: Map<Guid, Map<Guid, Member>>
  /** How often each application has been made present here: every time it gets another object id. */
  births: Map<Guid, number>
  assignments: Map<string, AppRoleAssignment>
  grants: Map<string, PermissionGrant>
  deleted: Map<Guid, Deleted>
  /** Of users and service principals, by object id. */
  security: Map<Guid, AccountSecurity>
  /** Grows with every change that the journal would hold, and of owners: what lists show. */
  version: number
  /** Kept from the first time that somebody asks for changes. */
  journal: Journal | null
}

/** The world as Entra ID knows it: tenants, and the applications that live in them. */
export type Directory = {
  clock: Clock
  tenants: Map<Guid, TenantContents>
  domains: Map<string, Guid>
  /** By application (client) id. */
  applications: Map<Guid, Application>
}

export function openDirectory(clock: Clock): Directory {
  const graph = microsoftGraph()
  return {
    clock,
    tenants: new Map(),
    domains: new Map(),
    applications: new Map([graph, ...firstPartyApplications()].map((application) => [application.appId, application])),
  }
}

/** Another directory with the same in it: what happens to one does not happen to the other. */
export const copyDirectory = ({ clock, tenants, domains, applications }: Directory): Directory => ({
  clock,
  tenants: new Map(
    [...tenants].map(([id, { users, ...contents }]) => [id, { ...structuredClone(contents), users: users.copy() }]),
  ),
  domains: new Map(domains),
  applications: structuredClone(applications),
})

/** Takes the contents of another directory, as after a reset. */
export function replaceDirectory(directory: Directory, by: Directory): void {
  directory.tenants = by.tenants
  directory.domains = by.domains
  directory.applications = by.applications
}

/** @throws Error for a tenant that is not there: callers resolve the tenant first */
export function contentsOf(directory: Directory, tenantId: Guid): TenantContents {
  const contents = directory.tenants.get(tenantId)
  if (!contents) throw new Error(`The tenant ${tenantId} does not exist.`)
  return contents
}
