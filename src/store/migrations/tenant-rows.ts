/** The tenant whose unit of work this is; no rows match while none is set. As a subquery it is asked once, not for each row. */
export const CURRENT_TENANT = `(select nullif(current_setting('tenantry.tenant_id', true), '')::uuid)`

/** The tenants that a unit of work over several of them names, as a subquery too; none unless it names some. */
export const NAMED_TENANTS = `(select nullif(current_setting('tenantry.tenant_ids', true), ''))::uuid[]`

/** Confines the tenant role to its own tenant's rows of a table, and its owner with it. */
export const tenantRows = (table: string, rights: string, column = 'tenant_id'): string[] => [
  `alter table tenantry.${table} enable row level security`,
  `alter table tenantry.${table} force row level security`,
  `grant ${rights} on tenantry.${table} to tenantry_tenant`,
  `create policy one_tenant on tenantry.${table} to tenantry_tenant using (${column} = ${CURRENT_TENANT}) with check (${column} = ${CURRENT_TENANT})`,
]

/** Lets work over the whole fleet see a table's rows of all tenants. */
export const fleetRows = (table: string, rights: string): string[] => [
  `grant ${rights} on tenantry.${table} to tenantry_fleet`,
  `create policy fleet on tenantry.${table} to tenantry_fleet using (true) with check (true)`,
]
