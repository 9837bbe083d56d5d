import type { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { resolveAuthority } from '#emulator/entra/authority.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { readScopes } from '#emulator/entra/scopes.ts'
import { pageHeaders, SESSION_COOKIE } from '#emulator/entra/sign-in/authorize.ts'
import { clientOf } from '#emulator/entra/sign-in/authorize-request.ts'
import type { EntraState } from '#emulator/entra/state.ts'
import { v1Scope } from '#emulator/entra/tokens/token-v1.ts'
import { readForm } from '#emulator/form.ts'
import { deviceDonePage, devicePage } from '#emulator/pages/device.ts'
import type { Env, World } from '#emulator/world.ts'

const EXPIRES_SECONDS = 900
const INTERVAL_SECONDS = 5

/** A device without a browser shows a code; its user types it in elsewhere. @see RFC 8628 */
export function deviceRoutes(app: Hono<Env>, world: World, state: EntraState): void {
  const { browser } = world.origins
  for (const [path, version] of [
    ['/:tenant/oauth2/v2.0/devicecode', 'v2'],
    ['/:tenant/oauth2/devicecode', 'v1'],
  ] as const)
    app.post(path, async (c) => {
      const { client_id: clientId, scope, resource } = await readForm(c.req)
      const told = c.get('told')
      const authority = resolveAuthority(world.directory, c.req.param('tenant'))
      if (clientId === undefined) throw new EntraError(900144, 'client_id')
      told.appId = clientId
      const application = clientOf(world, authority, clientId)
      if (authority.kind === 'common' || authority.kind === 'consumers') throw new EntraError(90133)
      const named = version === 'v2' ? scope : resource
      if (!named) throw new EntraError(900144, version === 'v2' ? 'scope' : 'resource')
      const wanted = version === 'v2' ? named : v1Scope(named)
      const scopes = wanted.split(' ').filter((word) => word !== '')
      readScopes(world.directory, scopes, authority.segment)
      const device = state.beginDevice(
        { appId: application.appId, authority: authority.segment, scopes },
        EXPIRES_SECONDS,
      )
      const address = `${browser}/common/oauth2/deviceauth`
      const message = `To sign in, use a web browser to open the page ${address} and enter the code ${device.userCode} to authenticate.`
      const codes = { user_code: device.userCode, device_code: device.deviceCode, message }
      return c.json(
        version === 'v2'
          ? { ...codes, verification_uri: address, expires_in: EXPIRES_SECONDS, interval: INTERVAL_SECONDS }
          : {
              ...codes,
              verification_url: address,
              expires_in: String(EXPIRES_SECONDS),
              interval: String(INTERVAL_SECONDS),
            },
      )
    })

  app.get('/common/oauth2/deviceauth', (c) => c.html(devicePage('', null), 200, pageHeaders(null)))
  app.post('/common/oauth2/deviceauth', async (c) => {
    const { user_code: typed = '' } = await readForm(c.req)
    const userCode = typed.trim().toUpperCase()
    const device = state.deviceByUserCode(userCode)
    if (device?.outcome !== 'pending' || device.expiresAt <= world.clock.seconds())
      return c.html(devicePage(userCode, 'That code is not good, or no longer.'), 200, pageHeaders(null))
    const session = state.session(getCookie(c, SESSION_COOKIE))
    const interaction = state.begin({
      sessionId: session.id,
      request: {
        appId: device.appId,
        authority: device.authority,
        redirectUri: `${browser}/common/oauth2/deviceauth/done`,
        version: 'v2',
        responseTypes: [],
        responseMode: 'query',
        state: null,
        nonce: null,
        scopes: device.scopes,
        prompt: null,
        loginHint: null,
        challenge: null,
        challengeMethod: null,
        wantsClientInfo: false,
        correlationId: null,
        claims: null,
        purpose: 'sign-in',
        deviceCode: device.deviceCode,
      },
      step: session.accounts.length > 0 ? 'pick' : 'account',
      username: '',
      user: null,
      problem: null,
    })
    setCookie(c, SESSION_COOKIE, session.id, { httpOnly: true, sameSite: 'Lax', path: '/' })
    return c.redirect(`/_signin/${interaction.id}`, 303)
  })
  app.get('/common/oauth2/deviceauth/done', (c) =>
    c.html(deviceDonePage(c.req.query('error') === undefined), 200, pageHeaders(null)),
  )
}
