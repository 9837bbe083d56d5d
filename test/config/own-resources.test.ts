import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '#config.ts'
import { defineApp } from '#model/app.ts'
import { defineResource } from '#model/resource.ts'

const ENV = {
  TENANTRY_CLIENT_ID: '11111111-2222-3333-4444-555555555555',
  TENANTRY_HOME_TENANT_ID: 'AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE',
  TENANTRY_CLIENT_SECRET: 'secret',
}
const DEVICE = {
  kind: 'device',
  mode: 'delta',
  path: '/devices/delta',
  select: ['id', 'displayName', 'operatingSystem'],
  key: 'id',
  anyOf: ['Device.Read.All'],
}
const appWith = (more: object) => ({
  name: 'Insights',
  publisher: 'Northwind',
  description: 'Reads devices.',
  permissions: [{ value: 'Device.Read.All', reason: 'Reads devices.' }],
  ...more,
})
const mistakesOf = (more: object): string[] =>
  readConfig(ENV, appWith(more)).mistakes.map(
    ({ setting, message, nextStep }) => `${setting.replace('tenantry.config.ts › ', '')} ${message}. ${nextStep}`,
  )
const ofDevice = (change: object) => mistakesOf({ resources: [{ ...DEVICE, ...change }] })

test('resources of one’s own are taken, of every mode, and more or nothing of what is built in', () => {
  assert.deepEqual(ofDevice({}), [])
  assert.deepEqual(ofDevice({ title: 'Devices', path: '/devices/microsoft.graph.delta()' }), [])
  assert.deepEqual(ofDevice({ mode: 'full', path: '/devices', key: 'deviceId', select: ['deviceId'] }), [])
  const builtInResources = { servicePrincipal: false, user: { alsoSelect: ['employeeId', 'extension_1a2b_badge'] } }
  assert.deepEqual(mistakesOf({ builtInResources }), [])
  // A permission that is younger than this version is taken at the app's word, once it has been declared as such.
  const young = { permissions: [{ value: 'Sundial.Read.All', reason: 'Reads sundials.', unlisted: true }] }
  assert.deepEqual(mistakesOf({ ...young, resources: [{ ...DEVICE, anyOf: ['Sundial.Read.All'] }] }), [])
})

/** What somebody may write, and what he reads then. */
const WRONG: readonly [change: object, told: RegExp][] = [
  [{ slect: ['id'] }, /^resources › 0 › slect is not a property of it\. Did you mean select\?$/],
  [{ key: undefined }, /^resources › 0 › key is missing/],
  [{ mode: 'Delta' }, /^resources › 0 › mode must be delta or full/],
  [{ kind: 'user' }, /^resources › 0 › kind is the name of a kind that is built in; builtInResources/],
  [{ kind: 'managed devices' }, /^resources › 0 › kind must be one of them as Graph names its type/],
  [{ kind: 'Device' }, /^resources › 0 › kind must be/],
  [{ path: 'devices/delta' }, /^resources › 0 › path must be a path below \/v1\.0 without options/],
  [{ path: 'https://graph.microsoft.com/v1.0/devices/delta' }, /^resources › 0 › path must be a path below/],
  [{ path: '//elsewhere.example/delta' }, /^resources › 0 › path must be a path below/],
  [{ path: '/devices/delta?$select=id' }, /^resources › 0 › path must be a path below \/v1\.0 without options/],
  [{ path: '/devices/../users/delta' }, /^resources › 0 › path must not climb/],
  [{ path: '/v1.0/devices/delta' }, /^resources › 0 › path must begin behind \/v1\.0/],
  [{ path: '/beta/devices/delta' }, /^resources › 0 › path must begin behind \/v1\.0/],
  [{ select: [] }, /^resources › 0 › select name at least the key/],
  [{ select: ['id', 'operating system'] }, /^resources › 0 › select › 1 must be the name of a property/],
  [{ anyOf: [] }, /^resources › 0 › anyOf name at least one application permission/],
  [
    { path: '/devices' },
    /^resources › device › path does not end in \/delta\. Write \/devices\/delta, or set mode to full/,
  ],
  [{ mode: 'full' }, /^resources › device › mode is full, but the path ends in \/delta/],
  [{ select: ['displayName'] }, /^resources › device › key is id, which is not selected\. Add id to select/],
  [{ key: 'displayName' }, /^resources › device › key is displayName; of what is gone, delta tells nothing but the id/],
  [{ select: ['id', 'id'] }, /^resources › device › select has id twice/],
  [{ select: ['id', 'members'] }, /^resources › device › select has members, which are stored of groups only/],
  [
    { anyOf: ['Device.Raed.All'] },
    /^resources › device › anyOf has Device\.Raed\.All, which is not an application permission of Microsoft Graph\. Did you mean Device\.Read\.All\?$/,
  ],
  [
    { anyOf: ['Directory.Read.All'] },
    /^resources › device › anyOf has none that the app declares, so nothing of it would ever be read\. Add Directory\.Read\.All to/,
  ],
]
for (const [change, told] of WRONG)
  test(`a resource with ${JSON.stringify(change)} is refused: ${told.source.slice(0, 60)}`, () => {
    const [mistake, ...others] = ofDevice(change)
    assert.match(mistake ?? 'taken', told)
    assert.deepEqual(others, [])
  })

test('two resources of one kind are refused, and so is what cannot be changed of a built-in one', () => {
  assert.match(mistakesOf({ resources: [DEVICE, DEVICE] }).join(), /^resources › device is the kind of two resources/)
  const refused: [object, RegExp][] = [
    [{ servicePrincipals: false }, /servicePrincipals is not a property of it\. Did you mean servicePrincipal\?/],
    [{ user: true }, /user must be false, which leaves it out, or \{ alsoSelect/],
    [{ user: { select: ['id'] } }, /user must be false, which leaves it out, or \{ alsoSelect/],
    [{ user: { alsoSelect: ['mail'] } }, /^builtInResources › user › alsoSelect has mail twice/],
  ]
  for (const [builtInResources, told] of refused) assert.match(mistakesOf({ builtInResources }).join(), told)
})

test('the compiler finds a key that is not selected', () => {
  const device = defineResource({
    kind: 'device',
    mode: 'delta',
    path: '/devices/delta',
    select: ['id', 'displayName'],
    // @ts-expect-error: it is not among the selected ones
    key: 'deviceId',
    anyOf: ['Device.Read.All'],
  })
  const app = defineApp({
    name: 'Insights',
    publisher: 'Northwind',
    description: 'Reads devices.',
    permissions: [{ value: 'Device.Read.All', reason: 'Reads devices.' }],
    resources: [device],
    // @ts-expect-error: there is no such kind
    builtInResources: { servicePrincipals: false },
  })
  assert.equal(readConfig(ENV, app).config, null)
})
