/**
 * The tenant whose unit of work this is; no rows match while none is set, nor for who is only a member of the role. As a
 * subquery it is asked once, not for each row.
 */
export const CURRENT_TENANT = `(select case current_user when 'tenantry_tenant' then nullif(current_setting('tenantry.tenant_id', true), '')::uuid end)`

/** The tenants that a unit of work over several of them names, as a subquery too; none unless it names some. */
export const NAMED_TENANTS = `(select case current_user when 'tenantry_fleet' then nullif(current_setting('tenantry.tenant_ids', true), '') end)::uuid[]`

/** Whether this is work over the fleet, once again asked once. */
export const IS_FLEET = `(select current_user = 'tenantry_fleet')`

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
  `create policy fleet on tenantry.${table} to tenantry_fleet using (${IS_FLEET}) with check (${IS_FLEET})`,
]
