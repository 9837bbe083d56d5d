import { permissionGrantId } from '#emulator/directory/ids.ts'
import { note } from '#emulator/directory/journal.ts'
import { contentsOf, type Directory } from '#emulator/directory/open.ts'
import type { Guid, PermissionGrant } from '#emulator/directory/types.ts'

type Grant = Pick<PermissionGrant, 'clientId' | 'consentType' | 'principalId' | 'resourceId' | 'scope'>

export function addGrant(
  directory: Directory,
  tenantId: Guid,
  wanted: Grant,
): { grant: PermissionGrant; outcome: 'created' | 'exists' } {
  const contents = contentsOf(directory, tenantId)
  const { grants } = contents
  const id = permissionGrantId(
    wanted.clientId,
    wanted.resourceId,
    wanted.consentType === 'Principal' ? wanted.principalId : null,
  )
  const known = grants.get(id)
  if (known) return { grant: known, outcome: 'exists' }
  const grant = { ...wanted, scope: [...new Set(wanted.scope)], id, tenantId }
  grants.set(id, grant)
  note(directory, contents, { kind: 'permissionGrant', id, what: 'created' })
  return { grant, outcome: 'created' }
}

/** Consent adds to what was consented to before. */
export function mergeGrant(directory: Directory, tenantId: Guid, wanted: Grant): PermissionGrant {
  const { grant, outcome } = addGrant(directory, tenantId, wanted)
  return outcome === 'created'
    ? grant
    : (setScope(directory, tenantId, grant.id, [...grant.scope, ...wanted.scope]) ?? grant)
}

/** Replaces the whole list of scopes. */
export function setScope(
  directory: Directory,
  tenantId: Guid,
  id: string,
  scope: readonly string[],
): PermissionGrant | null {
  const contents = contentsOf(directory, tenantId)
  const { grants } = contents
  const known = grants.get(id)
  if (!known) return null
  const changed = { ...known, scope: [...new Set(scope)] }
  grants.set(id, changed)
  note(directory, contents, { kind: 'permissionGrant', id, what: 'updated', before: known })
  return changed
}

export const findGrant = (directory: Directory, tenantId: Guid, id: string): PermissionGrant | null =>
  contentsOf(directory, tenantId).grants.get(id) ?? null
export const listGrants = (directory: Directory, tenantId: Guid): PermissionGrant[] => [
  ...contentsOf(directory, tenantId).grants.values(),
]
export const grantsOf = (directory: Directory, tenantId: Guid, clientId: Guid): PermissionGrant[] =>
  listGrants(directory, tenantId).filter((grant) => grant.clientId === clientId)
export function removeGrant(directory: Directory, tenantId: Guid, id: string): boolean {
  const contents = contentsOf(directory, tenantId)
  const known = contents.grants.get(id)
  if (!known) return false
  contents.grants.delete(id)
  note(directory, contents, { kind: 'permissionGrant', id, what: 'deleted', before: known })
  return true
}

/** What a client may do for one user: what holds for everybody, and what that user has given himself. */
export function delegatedScopesOf(
  directory: Directory,
  tenantId: Guid,
  { clientId, resourceId, userId }: { clientId: Guid; resourceId: Guid; userId: Guid },
): string[] {
  const scopes = grantsOf(directory, tenantId, clientId)
    .filter(
      (grant) =>
        grant.resourceId === resourceId && (grant.consentType === 'AllPrincipals' || grant.principalId === userId),
    )
    .flatMap((grant) => grant.scope)
  return [...new Set(scopes)]
}
