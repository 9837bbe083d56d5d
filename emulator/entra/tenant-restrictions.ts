import type { Tenant } from '#emulator/directory/types.ts'
import { EntraError } from '#emulator/entra/errors.ts'

/** What the network of a customer lets through; null: everything. Segments are tenant ids or domains, in small letters. */
export type TenantRestrictions = { allowed: readonly string[] } | null

/**
 * A customer’s proxy writes into each request which tenants may be signed in to: version 1 lists them, version 2 names the
 * tenant whose policy holds, and nobody else’s is let in.
 * @see https://learn.microsoft.com/entra/identity/enterprise-apps/tenant-restrictions
 * @see https://learn.microsoft.com/entra/external-id/tenant-restrictions-v2
 */
export function readRestrictions(header: (name: string) => string | undefined): TenantRestrictions {
  const policy = header('sec-restrict-tenant-access-policy')
  const owner = policy === undefined || policy === 'restrict-msa' ? undefined : policy.split(':')[0]
  const list = header('restrict-access-to-tenants') ?? owner
  if (list === undefined) return null
  return { allowed: list.split(',').map((segment) => segment.trim().toLowerCase()) }
}

/** @throws EntraError 500021 */
export function refuseRestricted(restrictions: TenantRestrictions, { id, displayName, domains }: Tenant): void {
  if (restrictions === null) return
  const names = [id, ...domains.map(({ name }) => name.toLowerCase())]
  if (!names.some((name) => restrictions.allowed.includes(name))) throw new EntraError(500021, displayName)
}
