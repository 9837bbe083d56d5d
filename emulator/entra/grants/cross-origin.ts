import { EntraError } from '#emulator/entra/errors.ts'
import type { GrantContext } from '#emulator/entra/grants/grant.ts'

/**
 * What belongs to a single-page application is redeemed by a page, without a secret; everything else by a server or program.
 * @throws EntraError 9002326, 9002327, 7000218
 * @see https://learn.microsoft.com/entra/identity-platform/reply-url
 */
export function refuseWrongPlatform({ client, origin }: GrantContext, isSpa: boolean): void {
  if (isSpa && origin === undefined) throw new EntraError(9002327)
  if (!isSpa && origin !== undefined) throw new EntraError(9002326, origin)
  if (!isSpa && client.acr === '0' && !client.application.isFallbackPublicClient) throw new EntraError(7000218)
}
