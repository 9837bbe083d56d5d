import { type Context, Hono } from 'hono'
import { createLocalJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { findApplication } from '#emulator/directory/applications.ts'
import { findTenant, listTenants } from '#emulator/directory/tenants.ts'
import { findUser } from '#emulator/directory/users.ts'
import { mayGiveAdminConsent } from '#emulator/entra/sign-in/admin-consent.ts'
import { recordAdminConsent, registered } from '#emulator/entra/sign-in/consent.ts'
import type { Env, World } from '#emulator/world.ts'

/**
 * As much of Azure as the Azure CLI asks for on its way to Entra ID and Graph: no subscriptions, the tenants of a user, and
 * the portal's private address behind `az ad app permission admin-consent`.
 */
export function azureApp(world: World): Hono<Env> {
  const { directory } = world
  const app = new Hono<Env>()

  app.get('/subscriptions', async (c) => ((await bearer(c, world)) ? c.json({ value: [] }) : unauthorized(c)))
  app.get('/tenants', async (c) => {
    const claims = await bearer(c, world)
    if (!claims) return unauthorized(c)
    const here = listTenants(directory).filter(({ id }) => id === claims.tid)
    return c.json({ value: here.map(({ id, displayName }) => ({ id: `/tenants/${id}`, tenantId: id, displayName })) })
  })

  app.post('/api/RegisteredApplications/:appId/Consent', async (c) => {
    const claims = await bearer(c, world)
    const application = findApplication(directory, c.req.param('appId'))
    const tenant = findTenant(directory, String(claims?.tid))
    const user = tenant ? findUser(directory, tenant.id, String(claims?.oid)) : null
    if (!claims || !tenant || !user) return unauthorized(c)
    if (!application) return c.json({ Message: 'The application does not exist.' }, 404)
    const contents = registered(directory, application)
    if (!mayGiveAdminConsent(user, contents)) return c.json({ Message: 'Forbidden' }, 403)
    recordAdminConsent(directory, { tenant, user, application }, contents)
    return c.body(null, 204)
  })
  return app
}

async function bearer(c: Context<Env>, { keys, clock }: World): Promise<JWTPayload | null> {
  const token = (c.req.header('authorization') ?? '').replace(/^bearer /i, '')
  const published = keys.published().map(({ kid, publicJwk }) => ({ ...publicJwk, kid }))
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: published }), { currentDate: clock.now() })
    Object.assign(c.get('told'), { tenantId: payload.tid, appId: payload.appid ?? payload.azp })
    return payload
  } catch {
    return null
  }
}

const unauthorized = (c: Context<Env>): Response =>
  c.json({ error: { code: 'AuthenticationFailed', message: 'Authentication failed.' } }, 401)
