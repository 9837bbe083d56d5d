import assert from 'node:assert/strict'
import { DEMO, type Emulator } from '#emulator/index.ts'
import { TENANT, WITNESS } from '#test/crash/support/estate.ts'

const MICROSOFT_GRAPH = '00000003-0000-0000-c000-000000000000'

type Entity = { id: string; appId: string; appRoles: { id: string; value: string }[] }
type Answer = { value?: Entity[]; id?: string }

/** Looks at the customer's directory, and changes it, by an app of its own. */
export type Witness = {
  ask(method: string, path: string, body?: unknown): Promise<Answer>
  /** Each of our service principals there, with the app roles that are assigned to it, one name for each assignment. */
  presence(): Promise<{ id: string; roles: string[] }[]>
}

export async function openWitness(emulator: Emulator): Promise<Witness> {
  const answer = await fetch(`${emulator.browserOrigin}/${TENANT}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: WITNESS,
      client_secret: DEMO.secret,
      scope: 'https://graph.microsoft.com/.default',
    }),
  })
  const { access_token: token } = (await answer.json()) as { access_token?: string }
  assert.ok(token, `no token for the witness: ${answer.status}`)
  const ask: Witness['ask'] = async (method, path, body) => {
    const response = await fetch(`${emulator.browserOrigin}/v1.0${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    assert.ok(response.ok, `${method} ${path} answered ${response.status}: ${text}`)
    return text === '' ? {} : (JSON.parse(text) as Answer)
  }
  const of = async (appId: string) => (await ask('GET', `/servicePrincipals?$filter=appId eq '${appId}'`)).value ?? []
  return {
    ask,
    async presence() {
      const [graph] = await of(MICROSOFT_GRAPH)
      const nameOf = (roleId: string) => graph?.appRoles.find(({ id }) => id === roleId)?.value ?? roleId
      return Promise.all(
        (await of(DEMO.appId)).map(async ({ id }) => {
          const { value = [] } = await ask('GET', `/servicePrincipals/${id}/appRoleAssignments`)
          const roles = (value as unknown as { appRoleId: string }[]).map(({ appRoleId }) => nameOf(appRoleId))
          return { id, roles: roles.sort((left, right) => left.localeCompare(right)) }
        }),
      )
    },
  }
}
