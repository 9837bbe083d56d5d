import { GUID } from '#emulator/directory/ids.ts'
import type { Directory } from '#emulator/directory/open.ts'
import { findTenant } from '#emulator/directory/tenants.ts'
import type { Guid, Tenant } from '#emulator/directory/types.ts'
import { EntraError } from '#emulator/entra/errors.ts'

export const PERSONAL_ACCOUNTS = '9188040d-6c67-4c5b-b112-36a304b66dad'

/** The first segment of every address: one tenant, or a door for many. */
export type Authority =
  | { kind: 'tenant'; segment: string; tenant: Tenant }
  | { kind: 'common' | 'organizations' | 'consumers'; segment: string; tenant: null }

/** Whether what belongs to this tenant can be asked for here. */
export function isOf({ kind, tenant }: Authority, tenantId: Guid): boolean {
  if (kind === 'tenant') return tenant.id === tenantId
  return kind === 'common' || (kind === 'consumers') === (tenantId === PERSONAL_ACCOUNTS)
}

/** @throws EntraError 90002, 900023 */
export function resolveAuthority(directory: Directory, segment: string): Authority {
  const word = segment.toLowerCase()
  if (word === 'common' || word === 'organizations' || word === 'consumers')
    return { kind: word, segment: word, tenant: null }
  const tenant = findTenant(directory, segment)
  if (tenant) return { kind: 'tenant', segment: tenant.id, tenant }
  if (GUID.test(segment) || segment.includes('.')) throw new EntraError(90002, segment)
  throw new EntraError(900023, segment)
}
