import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import { APP, CONTOSO, FABRIKAM, GRAPH_DEFAULT, SECRET, testEstate } from '#emulator/test/support/estate.ts'
import { askToken } from '#emulator/test/support/token.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const appOnly = (tenant: string) =>
  askToken(emulator, tenant, {
    grant_type: 'client_credentials',
    client_id: APP,
    client_secret: SECRET,
    scope: GRAPH_DEFAULT,
  })

test('a new service principal is unknown to the first tokens, then known', async () => {
  emulator.lag.set({ servicePrincipalTokens: 2 })
  await emulator.directory.addServicePrincipal({ tenant: FABRIKAM, app: APP })
  assert.deepEqual((await appOnly(FABRIKAM)).body.error_codes, [7000229])
  assert.deepEqual((await appOnly(FABRIKAM)).body.error_codes, [7000229])
  assert.equal((await appOnly(FABRIKAM)).status, 200)
})

test('a new role is missing from the first tokens, then there; what is old does not lag', async () => {
  emulator.lag.set({ assignmentTokens: 1 })
  await emulator.directory.grantPermission({ tenant: CONTOSO, app: APP, permission: 'Group.Read.All' })
  const roles = async () => decodeJwt((await appOnly(CONTOSO)).body.access_token).roles
  assert.deepEqual(await roles(), ['User.Read.All'])
  assert.deepEqual(await roles(), ['User.Read.All', 'Group.Read.All'])
})
