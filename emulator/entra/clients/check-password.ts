import { countWrongPassword, isLocked, securityOf, updateSecurity } from '#emulator/directory/security.ts'
import type { User } from '#emulator/directory/types.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { World } from '#emulator/world.ts'

/**
 * Whether this is the person: the checks of the sign-in page and of the password grant, in the order in which Microsoft
 * makes them known.
 * @throws EntraError 50053, 50126, 50057, 50055
 */
export function checkPassword({ directory }: World, user: User, password: string | undefined): void {
  const { tenantId, id } = user
  if (isLocked(directory, tenantId, id)) throw new EntraError(50053)
  if (user.password === null || user.password !== password) {
    countWrongPassword(directory, tenantId, id)
    throw new EntraError(50126)
  }
  forgetWrongPasswords(directory, user)
  if (!user.accountEnabled) throw new EntraError(50057)
  if (securityOf(directory, tenantId, id).passwordExpired) throw new EntraError(50055)
}

/** A right password wipes out the wrong ones before it. */
function forgetWrongPasswords(directory: World['directory'], { tenantId, id }: User): void {
  if (securityOf(directory, tenantId, id).wrongPasswords > 0)
    updateSecurity(directory, tenantId, id, { wrongPasswords: 0 })
}
