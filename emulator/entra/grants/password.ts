import { findUser, findUserByName } from '#emulator/directory/users.ts'
import { checkPassword } from '#emulator/entra/clients/check-password.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { answerForUser } from '#emulator/entra/grants/delegated.ts'
import type { Grant } from '#emulator/entra/grants/grant.ts'

/** For tools that still ask for it. @see https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc */
export const password: Grant = {
  grantTypes: ['password'],
  parameters: ['username', 'password', 'scope'],
  async handler(context) {
    const { world, authority, form } = context
    if (authority.kind === 'common' || authority.kind === 'consumers') throw new EntraError(9001023)
    const username = form.username ?? ''
    const user = authority.tenant
      ? findUser(world.directory, authority.tenant.id, username)
      : findUserByName(world.directory, username)
    if (!user) throw new EntraError(50034, username)
    checkPassword(world, user, form.password)
    return answerForUser(context, {
      tenantId: user.tenantId,
      userId: user.id,
      scopes: (form.scope ?? '').split(' ').filter((scope) => scope !== ''),
      signIn: { atMilliseconds: world.clock.now().getTime(), methods: ['pwd'] },
    })
  },
}
