import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import { contentsOf, type Directory, type TenantContents } from '#emulator/directory/open.ts'
import { ensureServicePrincipal } from '#emulator/directory/service-principals.ts'
import type { Tenant } from '#emulator/directory/types.ts'
import { openUserTable } from '#emulator/directory/user-table.ts'

export function addTenant(directory: Directory, tenant: Tenant): TenantContents {
  const contents: TenantContents = {
    tenant,
    users: openUserTable(),
    groups: new Map(),
    members: new Map(),
    owners: new Map(),
    servicePrincipals: new Map(),
    servicePrincipalsByAppId: new Map(),
    births: new Map(),
    assignments: new Map(),
    grants: new Map(),
    deleted: new Map(),
    security: new Map(),
    version: 0,
    journal: null,
  }
  directory.tenants.set(tenant.id, contents)
  for (const domain of tenant.domains) directory.domains.set(domain.name.toLowerCase(), tenant.id)
  ensureServicePrincipal(directory, tenant.id, MICROSOFT_GRAPH)
  return contents
}

/** @param segment a tenant id or one of its verified domains, in any case */
export function findTenant(directory: Directory, segment: string): Tenant | null {
  const key = segment.toLowerCase()
  return directory.tenants.get(directory.domains.get(key) ?? key)?.tenant ?? null
}

export const listTenants = (directory: Directory): Tenant[] =>
  [...directory.tenants.values()].map(({ tenant }) => tenant)

export function removeTenant(directory: Directory, tenantId: string): void {
  const { tenant } = contentsOf(directory, tenantId)
  for (const domain of tenant.domains) directory.domains.delete(domain.name.toLowerCase())
  directory.tenants.delete(tenantId)
}

export const defaultDomain = (tenant: Tenant): string =>
  tenant.domains.find((domain) => domain.isDefault)?.name ?? tenant.domains[0]?.name ?? tenant.id
