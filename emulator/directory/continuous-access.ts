import { policiesForWorkload } from '#emulator/directory/conditional-access.ts'
import { contentsOf, type Directory } from '#emulator/directory/open.ts'
import { isRevoked } from '#emulator/directory/security.ts'
import { readUti } from '#emulator/directory/uti.ts'

type Claims = Readonly<Record<string, unknown>>

/** Whether the client said that it understands a challenge in the middle of a token’s life. */
const isContinuous = ({ xms_cc: capabilities }: Claims): boolean =>
  Array.isArray(capabilities) && capabilities.some((word) => String(word).toLowerCase() === 'cp1')

/**
 * Whether something has happened since this token was given that ends it early: its user or service principal was disabled,
 * sessions were revoked, a policy blocks the application now.
 * @see https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation
 */
export function hasEndedEarly(directory: Directory, tenantId: string, claims: Claims, resource: string): boolean {
  if (!isContinuous(claims)) return false
  if (isRevoked(directory, tenantId, String(claims.oid), readUti(claims.uti).issuedMilliseconds)) return true
  const { tenant } = contentsOf(directory, tenantId)
  return (
    claims.idtyp === 'app' &&
    policiesForWorkload(tenant, String(claims.appid), resource).some(({ requires }) => requires === 'block')
  )
}
