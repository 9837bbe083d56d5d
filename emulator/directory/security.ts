import { contentsOf, type Directory } from '#emulator/directory/open.ts'
import type { AccountSecurity, Guid } from '#emulator/directory/types.ts'

const NOTHING_KNOWN: AccountSecurity = {
  revokedAt: null,
  passwordExpired: false,
  wrongPasswords: 0,
  lockedUntil: null,
  hasSecondFactor: true,
}
/** Smart lockout as it is unless a tenant changes it. @see https://learn.microsoft.com/entra/identity/authentication/howto-password-smart-lockout */
const WRONG_PASSWORDS = 10
const LOCKED_MILLISECONDS = 60_000

export const securityOf = (directory: Directory, tenantId: Guid, id: Guid): AccountSecurity =>
  contentsOf(directory, tenantId).security.get(id) ?? NOTHING_KNOWN

export function updateSecurity(
  directory: Directory,
  tenantId: Guid,
  id: Guid,
  patch: Partial<AccountSecurity>,
): AccountSecurity {
  const changed = { ...securityOf(directory, tenantId, id), ...patch }
  contentsOf(directory, tenantId).security.set(id, changed)
  return changed
}

/** @see https://learn.microsoft.com/graph/api/user-revokesigninsessions */
export function revokeSessions(directory: Directory, tenantId: Guid, id: Guid): void {
  updateSecurity(directory, tenantId, id, { revokedAt: directory.clock.now() })
}

export function countWrongPassword(directory: Directory, tenantId: Guid, id: Guid): void {
  const wrongPasswords = securityOf(directory, tenantId, id).wrongPasswords + 1
  if (wrongPasswords < WRONG_PASSWORDS) updateSecurity(directory, tenantId, id, { wrongPasswords })
  else lockAccount(directory, tenantId, id)
}

export function lockAccount(directory: Directory, tenantId: Guid, id: Guid): void {
  const lockedUntil = new Date(directory.clock.now().getTime() + LOCKED_MILLISECONDS)
  updateSecurity(directory, tenantId, id, { wrongPasswords: 0, lockedUntil })
}

export function isLocked(directory: Directory, tenantId: Guid, id: Guid): boolean {
  const { lockedUntil } = securityOf(directory, tenantId, id)
  return lockedUntil !== null && lockedUntil > directory.clock.now()
}

/** Whether what was obtained at `issuedMilliseconds` has been revoked since. */
export function isRevoked(directory: Directory, tenantId: Guid, id: Guid, issuedMilliseconds: number): boolean {
  const { revokedAt } = securityOf(directory, tenantId, id)
  return revokedAt !== null && issuedMilliseconds < revokedAt.getTime()
}
