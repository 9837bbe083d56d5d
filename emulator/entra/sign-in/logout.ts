import type { Hono } from 'hono'
import { deleteCookie, getCookie } from 'hono/cookie'
import { SESSION_COOKIE } from '#emulator/entra/sign-in/authorize.ts'
import { isRegistered } from '#emulator/entra/sign-in/redirect.ts'
import type { EntraState } from '#emulator/entra/state.ts'
import { signedOutPage } from '#emulator/pages/sign-in.ts'
import type { Env, World } from '#emulator/world.ts'

/** @see OpenID Connect RP-Initiated Logout 1.0 */
export function logoutRoutes(app: Hono<Env>, world: World, state: EntraState): void {
  for (const path of ['/:tenant/oauth2/v2.0/logout', '/:tenant/oauth2/logout'] as const)
    app.on(['GET', 'POST'], path, (c) => {
      state.endSession(getCookie(c, SESSION_COOKIE))
      deleteCookie(c, SESSION_COOKIE, { path: '/' })
      const back = c.req.query('post_logout_redirect_uri')
      const known =
        back !== undefined &&
        [...world.directory.applications.values()].some((application) => isRegistered(application, back))
      return known && back !== undefined ? c.redirect(back, 302) : c.html(signedOutPage())
    })
}
