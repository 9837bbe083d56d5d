import type { EstateInput } from '#emulator/index.ts'
import { APP, ISV, SECRET } from '#emulator/test/support/estate.ts'

export const MANY = 300

const numbered = (number: number): string => `30000000-0000-4000-8000-${String(number).padStart(12, '0')}`

export const CUSTOMERS: readonly string[] = Array.from({ length: MANY }, (_, index) => numbered(index + 1))

/** One application of an ISV, present in three hundred customers’ tenants, each of which has users of its own. */
export const manyTenants: EstateInput = {
  tenants: [
    { id: ISV, displayName: 'Northwind', domains: ['northwind.example'] },
    ...CUSTOMERS.map((id, index) => ({
      id,
      displayName: `Customer ${index + 1}`,
      domains: [`customer${index + 1}.example`],
      generated: { users: 3 + (index % 5), groups: 1, seed: index + 1 },
    })),
  ],
  applications: [{ appId: APP, homeTenant: ISV, displayName: 'Daemon', secrets: [{ value: SECRET }] }],
  servicePrincipals: CUSTOMERS.map((tenant) => ({ tenant, appId: APP, application: ['User.Read.All'] })),
}

/** Twenty at a time, as a daemon would: three hundred new connections at once are a test of the machine. */
export async function forEachOf<Tenant, Result>(
  tenants: readonly Tenant[],
  ask: (tenant: Tenant) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let next = 0; next < tenants.length; next += 20)
    results.push(...(await Promise.all(tenants.slice(next, next + 20).map(ask))))
  return results
}
