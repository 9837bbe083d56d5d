import type { Platform } from '#emulator/directory/types.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { GrantContext } from '#emulator/entra/grants/grant.ts'

/**
 * The platform of the redirect address decides who redeems: a page across origins and a program, both without a secret, or
 * a server with one.
 * @throws EntraError 9002326, 9002327, 700025, 7000218
 * @see https://learn.microsoft.com/entra/identity-platform/reply-url
 */
export function refuseWrongPlatform({ client, origin }: GrantContext, platform: Platform): void {
  if (platform === 'spa' && origin === undefined) throw new EntraError(9002327)
  if (platform !== 'spa' && origin !== undefined) throw new EntraError(9002326, origin)
  if (platform !== 'web' && client.acr !== '0') throw new EntraError(700025)
  if (platform === 'web' && client.acr === '0' && !client.application.isFallbackPublicClient)
    throw new EntraError(7000218)
}
