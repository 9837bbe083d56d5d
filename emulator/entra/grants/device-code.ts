import { EntraError } from '#emulator/entra/errors.ts'
import { answerForUser } from '#emulator/entra/grants/delegated.ts'
import type { Grant } from '#emulator/entra/grants/grant.ts'

/** MSAL Node writes the short name. @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code */
export const deviceCode: Grant = {
  grantTypes: ['urn:ietf:params:oauth:grant-type:device_code', 'device_code'],
  parameters: ['device_code'],
  async handler(context) {
    const { world, state, client, form } = context
    const device = state.device(form.device_code ?? '')
    if (!device || device.appId !== client.application.appId) throw new EntraError(70018)
    if (device.expiresAt <= world.clock.seconds()) throw new EntraError(70020)
    if (device.outcome === 'declined') throw new EntraError(70017)
    if (device.outcome === 'pending') throw new EntraError(70016)
    if (device.redeemed) throw new EntraError(54005)
    device.redeemed = true
    return answerForUser(context, { ...device.outcome, scopes: device.scopes })
  },
}
