import assert from 'node:assert/strict'
import { Agent, fetch } from 'undici'
import type { Emulator, EstateInput } from '#emulator/index.ts'
import { DEMO } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { askToken } from '#emulator/test/support/token.ts'

const MICROSOFT_GRAPH = '00000003-0000-0000-c000-000000000000'
const TOOL = 'cccccccc-1111-4222-8333-444444444444'
const REDIRECT = 'http://localhost:3999/'
const SCOPES =
  'https://graph.microsoft.com/Application.Read.All https://graph.microsoft.com/AppRoleAssignment.ReadWrite.All'

/** What a command-line tool of Microsoft's is in a tenant: an app without a secret, with which people act for themselves. */
export const withCommandLineTool = (estate: EstateInput): EstateInput => ({
  ...estate,
  applications: [
    ...(estate.applications ?? []),
    {
      appId: TOOL,
      homeTenant: DEMO.home,
      displayName: 'Command line',
      publicClient: true,
      redirectUris: [REDIRECT],
    },
  ],
})

type Entity = { id: string; appId: string; appRoles: { id: string; value: string }[] }
type Assignment = { id: string; appRoleId: string; resourceId: string; principalId: string }

/** Microsoft Graph, as somebody asks it at the command line of his own tenant. */
export type CommandLine = {
  /** What the script for the Azure CLI does for one permission. @returns the status of the assignment */
  assign(permission: string): Promise<number>
  /** What the app holds of Microsoft Graph, by name, sorted; one line for each assignment. */
  held(): Promise<string[]>
  /** What he reads there. */
  read(path: string): Promise<unknown>
  /** What he makes there. */
  make(path: string, body: object): Promise<{ status: number; body: unknown }>
}

/** Signs somebody in at the command line. The estate needs `withCommandLineTool`. */
export async function commandLineOf(emulator: Emulator, username: string): Promise<CommandLine> {
  const query = new URLSearchParams({
    client_id: TOOL,
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: SCOPES,
  })
  const page = await signInAndAccept(
    openBrowser(emulator),
    `${emulator.browserOrigin}/organizations/oauth2/v2.0/authorize?${query}`,
    { username },
  )
  const { body } = await askToken(emulator, 'organizations', {
    client_id: TOOL,
    grant_type: 'authorization_code',
    code: page.url.searchParams.get('code') ?? '',
    redirect_uri: REDIRECT,
    scope: SCOPES,
  })
  assert.equal(typeof body.access_token, 'string', JSON.stringify(body))
  const ask = askWith(emulator, `${body.access_token}`)
  const find = async (appId: string): Promise<Entity> => {
    const found = (await ask(`/servicePrincipals?$filter=appId eq '${appId}'`)).body as { value: Entity[] }
    assert.ok(found.value[0], `there is no service principal of ${appId}`)
    return found.value[0]
  }
  return {
    read: async (path) => (await ask(path)).body,
    make: ask,
    async assign(permission) {
      const [app, graph] = [await find(DEMO.appId), await find(MICROSOFT_GRAPH)]
      const appRoleId = graph.appRoles.find(({ value }) => value === permission)?.id
      const wanted = { principalId: app.id, resourceId: graph.id, appRoleId }
      return (await ask(`/servicePrincipals/${graph.id}/appRoleAssignedTo`, wanted)).status
    },
    async held() {
      const [app, graph] = [await find(DEMO.appId), await find(MICROSOFT_GRAPH)]
      const { value } = (await ask(`/servicePrincipals/${app.id}/appRoleAssignments`)).body as { value: Assignment[] }
      return value
        .map(({ appRoleId }) => graph.appRoles.find(({ id }) => id === appRoleId)?.value ?? appRoleId)
        .sort((left, right) => left.localeCompare(right))
    },
  }
}

function askWith(emulator: Emulator, token: string) {
  const dispatcher = new Agent({ connect: { ca: emulator.ca }, keepAliveTimeout: 10 })
  return async (path: string, body?: object): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${emulator.origin}/v1.0${path}`, {
      dispatcher,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    })
    return { status: response.status, body: await response.json() }
  }
}
