import { randomUUID } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { answerHeaders } from '#emulator/entra/answer-headers.ts'
import { resolveAuthority } from '#emulator/entra/authority.ts'
import { authenticateClient } from '#emulator/entra/clients/client-authentication.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { authorizationCode } from '#emulator/entra/grants/authorization-code.ts'
import { clientCredentials } from '#emulator/entra/grants/client-credentials.ts'
import { deviceCode } from '#emulator/entra/grants/device-code.ts'
import type { Grant } from '#emulator/entra/grants/grant.ts'
import { onBehalfOf } from '#emulator/entra/grants/on-behalf-of.ts'
import { password } from '#emulator/entra/grants/password.ts'
import { refreshToken } from '#emulator/entra/grants/refresh-token.ts'
import type { EntraState } from '#emulator/entra/state.ts'
import { readRestrictions, refuseRestricted } from '#emulator/entra/tenant-restrictions.ts'
import { asV1, v1Form } from '#emulator/entra/tokens/token-v1.ts'
import { readForm } from '#emulator/form.ts'
import { type Env, seenAs, sendBytes, type World } from '#emulator/world.ts'

const GRANTS: readonly Grant[] = [authorizationCode, refreshToken, clientCredentials, onBehalfOf, deviceCode, password]

/** @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#redeem-a-code-for-an-access-token */
export function tokenRoutes(app: Hono<Env>, everywhere: World, state: EntraState): void {
  const answer = async (c: Context<Env>, form: Record<string, string>, version: 'v1' | 'v2') => {
    const world = seenAs(everywhere, c.req.header('host'))
    const told = c.get('told')
    told.grantType = form.grant_type ?? ''
    const authority = resolveAuthority(world.directory, c.req.param('tenant') ?? '')
    if (form.resource && version === 'v2') throw new EntraError(901002)
    if (authority.tenant) told.tenantId = authority.tenant.id
    if (!form.grant_type) throw new EntraError(900144, 'grant_type')
    const grant = GRANTS.find(({ grantTypes }) => grantTypes.includes(form.grant_type ?? ''))
    if (!grant) throw new EntraError(70003, form.grant_type)
    if (form.client_id) told.appId = form.client_id
    const restrictions = readRestrictions((name) => c.req.header(name))
    if (authority.tenant) refuseRestricted(restrictions, authority.tenant)
    const client = await authenticateClient(world, authority, form, c.req.header('authorization'))
    told.appId = client.application.appId
    for (const name of grant.parameters)
      if (!form[name]) throw new EntraError(900144, version === 'v1' && name === 'scope' ? 'resource' : name)
    const origin = c.req.header('origin')
    return grant.handler({ world, state, authority, version, client, form, origin, restrictions, told })
  }
  for (const path of ['/:tenant/oauth2/v2.0/token', '/:tenant/oauth2/token'] as const)
    app.on(['GET', 'PUT', 'PATCH', 'DELETE'], path, (c) => {
      throw new EntraError(900561, c.req.method)
    })

  app.post('/:tenant/oauth2/v2.0/token', async (c) => sendToken(c, await answer(c, await readForm(c.req), 'v2')))
  app.post('/:tenant/oauth2/token', async (c) => {
    const form = await readForm(c.req)
    return sendToken(c, asV1(await answer(c, v1Form(form), 'v1'), form, everywhere.clock.seconds()))
  })
}

function sendToken(c: Context<Env>, answer: object): Response {
  const body = Buffer.from(JSON.stringify(answer))
  const headers = { ...answerHeaders(randomUUID()), 'content-length': String(body.length) }
  return sendBytes(c, { status: 200, headers, body })
}
