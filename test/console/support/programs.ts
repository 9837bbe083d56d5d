import assert from 'node:assert/strict'
import { DEMO, demoEstate, type EstateInput } from '#emulator/index.ts'
import { openBrowser, signIn } from '#emulator/test/support/browser.ts'
import { authorizationUrl } from '#entra/administrator-sign-in.ts'
import { appToken } from '#entra/app-token.ts'
import { newSignIn } from '#entra/new-sign-in.ts'
import { assignAppRole } from '#graph/app-role-assignments.ts'
import { findServicePrincipal } from '#graph/service-principals.ts'
import type { ClientId } from '#model/ids.ts'
import type { Site } from '#test/console/support/open-site.ts'
import { OPERATOR } from '#test/console/support/person.ts'

/** Another app of the ISV’s, with a role that is called as ours is. */
export const NEIGHBOUR = '99999999-2222-4333-8444-555555555555'
const appRoles = [
  {
    value: 'Tenantry.Operator',
    displayName: 'Operator',
    allowedMemberTypes: ['User' as const, 'Application' as const],
  },
]

/** The demo, whose operator role programs may hold as well, and the other app beside it. */
export const estateForPrograms: EstateInput = {
  ...demoEstate,
  applications: [
    ...(demoEstate.applications ?? []).map((application) => ({ ...application, appRoles })),
    { appId: NEIGHBOUR, homeTenant: DEMO.home, displayName: 'Neighbour', accessTokenVersion: 2, appRoles },
  ],
  servicePrincipals: [...(demoEstate.servicePrincipals ?? []), { tenant: DEMO.home, appId: NEIGHBOUR }],
}

/** A token from Microsoft, for the app itself in a tenant. */
export async function tokenFor(
  { emulator }: Site,
  { tenant = DEMO.home as string, resource = DEMO.appId as string } = {},
): Promise<string> {
  const response = await fetch(`${emulator.browserOrigin}/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: DEMO.appId,
      client_secret: DEMO.secret,
      scope: `${resource}/.default`,
    }),
  })
  const answer = (await response.json()) as { access_token?: string }
  assert.ok(answer.access_token, JSON.stringify(answer))
  return answer.access_token
}

/** Makes the app an operator of its own in one tenant, or one of the other app’s, as an administrator would there. */
export async function makeOperator(
  { emulator, tools }: Site,
  tenant: Parameters<Site['tools']['graphAsApp']>[0],
  { resource = DEMO.appId as string } = {},
): Promise<void> {
  for (const permission of ['Application.Read.All', 'AppRoleAssignment.ReadWrite.All'])
    await emulator.directory.grantPermission({ tenant, app: DEMO.appId, permission })
  await appToken(tools.entra, tenant, { fresh: true })
  const graph = tools.graphAsApp(tenant)
  const [ours, theirs] = await Promise.all(
    [DEMO.appId, resource].map((app) => findServicePrincipal(graph, app as ClientId)),
  )
  const role = theirs?.appRoles.find(({ value }) => value === 'Tenantry.Operator')
  assert.ok(ours && theirs && role)
  await assignAppRole(graph, { principalId: ours.id, resourceId: theirs.id, appRoleId: role.id })
}

/** What an operator's sign-in gives to the console besides an access token. */
export async function idTokenOfOperator({ emulator, tools, url }: Site): Promise<string> {
  const { challenge, verifier, state, nonce } = newSignIn()
  const redirectUri = `${url}/sign-in/callback`
  const tenant = tools.config.homeTenantId
  const scopes = ['openid', 'profile']
  const start = await authorizationUrl(tools.entra, { tenant, redirectUri, scopes, state, nonce, challenge })
  const { url: back } = await signIn(openBrowser(emulator), start, { username: OPERATOR })
  const response = await fetch(`${emulator.browserOrigin}/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: DEMO.appId,
      client_secret: DEMO.secret,
      code: back.searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: redirectUri,
      scope: scopes.join(' '),
    }),
  })
  const answer = (await response.json()) as { id_token?: string }
  assert.ok(answer.id_token, JSON.stringify(answer))
  return answer.id_token
}
