import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { inspect } from 'node:util'
import { DEMO } from '#emulator/index.ts'
import { appToken, forgetTenant } from '#entra/app-token.ts'
import { CONTOSO, connect, FABRIKAM, openInstallation } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const installation = await openInstallation({ after })
const { emulator, tools } = installation
const { entra } = tools
await connect(installation, CONTOSO)
await connect(installation, FABRIKAM)
const tokenRequests = () => emulator.requests.list({ path: '/oauth2/v2.0/token' })

afterEach(() => {
  emulator.mischief.clear()
  forgetTenant(entra, CONTOSO)
  forgetTenant(entra, FABRIKAM)
})

test('R09 however many ask for however many tenants, one request leaves for each', async () => {
  forgetTenant(entra, CONTOSO)
  forgetTenant(entra, FABRIKAM)
  emulator.requests.clear()
  const tokens = await Promise.all(
    Array.from({ length: 120 }, (_, index) => appToken(entra, index % 2 ? CONTOSO : FABRIKAM)),
  )
  assert.ok(tokens.every((token, index) => token.claims.tid === (index % 2 ? CONTOSO : FABRIKAM)))
  assert.equal(tokenRequests().length, 2)
  await appToken(entra, CONTOSO)
  assert.equal(tokenRequests().length, 2)
})

test('a fresh token is asked for after the call, also while an older one is on its way', async () => {
  const permission = { tenant: CONTOSO, app: DEMO.appId, permission: 'Group.Read.All' }
  await emulator.directory.revokePermission(permission)
  forgetTenant(entra, CONTOSO)
  emulator.requests.clear()
  const older = appToken(entra, CONTOSO)
  const fresh = Promise.all([1, 2, 3].map(() => appToken(entra, CONTOSO, { fresh: true })))
  await older
  await emulator.directory.grantPermission(permission)

  for (const token of await fresh) assert.ok(token.roles.includes('Group.Read.All'))
  assert.equal(tokenRequests().length, 2)
})

test('T14 a token of another tenant or another audience is refused and not kept', async () => {
  for (const word of ['apptoken.swap', 'apptoken.aud=other'] as const) {
    emulator.mischief.say(word)
    await refusedWith('TOKEN_OF_OTHER_TENANT', () => appToken(entra, CONTOSO, { fresh: true }))
    emulator.mischief.clear()
    assert.equal((await appToken(entra, CONTOSO)).claims.tid, CONTOSO)
    forgetTenant(entra, CONTOSO)
  }
})

test('L01 a token does not show its value', async () => {
  const token = await appToken(entra, CONTOSO)
  assert.match(token.value, /^eyJ/)
  for (const shown of [
    JSON.stringify(token),
    inspect(token),
    inspect({ token }, { depth: 9, showHidden: true }),
    JSON.stringify({ ...token }),
  ])
    assert.doesNotMatch(shown, /eyJ/)
})
