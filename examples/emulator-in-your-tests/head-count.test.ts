import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import tls from 'node:tls'
import { startEmulator } from 'tenantry/emulator'
import { headCount } from './head-count.ts'

const APP = '60000000-0000-4000-8000-00000000000a'
const SECRET = 'secret-of-an-example-that-opens-nothing'
const ADATUM = '60000000-0000-4000-8000-000000000002'

const emulator = await startEmulator({
  estate: {
    tenants: [
      { id: '60000000-0000-4000-8000-000000000001', displayName: 'We', domains: ['we.example'] },
      { id: ADATUM, displayName: 'Adatum', domains: ['adatum.example'], generated: { users: 250, seed: 1 } },
    ],
    applications: [{ appId: APP, homeTenant: 'we.example', displayName: 'Head count', secrets: [{ value: SECRET }] }],
    servicePrincipals: [{ tenant: 'adatum.example', appId: APP, application: ['User.Read.All'] }],
  },
})
// This process trusts the emulator's authority from now on: `fetch`, MSAL, every client.
tls.setDefaultCACertificates([...tls.getCACertificates(), emulator.ca])
after(() => emulator.close())
afterEach(() => emulator.reset())

const settings = { login: emulator.origin, graph: emulator.origin, clientId: APP, clientSecret: SECRET }

test('counts everybody, on all pages', async () => {
  assert.equal(await headCount(settings, ADATUM), 250)
  assert.equal(emulator.requests.list({ path: '/v1.0/users' }).length, 3)
})

test('asks again when Graph wants patience', async () => {
  emulator.mischief.once({ at: 'graph', answer: { status: 429, headers: { 'retry-after': '0' } } })
  assert.equal(await headCount(settings, ADATUM), 250)
})

test('is refused when the customer has removed the app', async () => {
  await emulator.directory.deleteServicePrincipal({ tenant: ADATUM, app: APP })
  await assert.rejects(headCount(settings, ADATUM), /AADSTS7000229/)
})

test('is refused by Graph when the permission was taken away', async () => {
  await emulator.directory.revokePermission({ tenant: ADATUM, app: APP, permission: 'User.Read.All' })
  await assert.rejects(headCount(settings, ADATUM), /Graph answered 403/)
})

test('is refused when the secret has expired', async () => {
  emulator.clock.advance({ days: 3 * 365 })
  await assert.rejects(headCount(settings, ADATUM), /AADSTS7000222/)
})
