import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import {
  allPages,
  appToken,
  asApp,
  assertError,
  asUser,
  CONTOSO,
  FABRIKAM,
  graphEstate,
  NOBODY,
  READER,
  withToken,
} from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const ask = await asApp(emulator, READER)
const DEFAULTS = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
]

test('users come in pages of 100 with the default properties, every user once', async () => {
  const first = await ask('/users')
  assert.equal(first.body['@odata.context'], `${emulator.origin}/v1.0/$metadata#users`)
  assert.deepEqual(Object.keys(first.body.value[0]), DEFAULTS)
  assert.equal(first.body.value.length, 100)
  assert.equal(new URL(first.body['@odata.nextLink']).origin, emulator.origin)
  const { items, pages } = await allPages(ask, '/users')
  assert.equal(pages, 13)
  assert.equal(new Set(items.map(({ id }) => id)).size, 1_205)
})

test('$top sets the size of a page, from 1 to 999, and $select what stands in it', async () => {
  const { body } = await ask('/users?$top=999&$select=id,accountEnabled')
  assert.equal(body.value.length, 999)
  assert.deepEqual(Object.keys(body.value[0]), ['id', 'accountEnabled'])
  assert.equal(body['@odata.context'], `${emulator.origin}/v1.0/$metadata#users(id,accountEnabled)`)
  assert.match(body['@odata.nextLink'], /\$top=999&\$select=id%2CaccountEnabled&\$skiptoken=/)
  assert.equal((await ask(body['@odata.nextLink'])).body.value.length, 206)
  for (const top of ['0', '-1', '1000', 'many']) assert.equal((await ask(`/users?$top=${top}`)).status, 400, top)
  assertError(
    await ask('/users?$select=shoeSize'),
    400,
    'BadRequest',
    /Could not find a property named 'shoeSize' on type 'microsoft.graph.user'/,
  )
})

test('a page token is good for its own query, tenant and headers only, and not for ever', async () => {
  const { body } = await ask('/users?$top=5')
  const link: string = body['@odata.nextLink']
  const contoso = await asApp(emulator, READER, CONTOSO)
  assertError(await contoso(link), 400, 'BadRequest')
  assertError(await ask(link.replace('$top=5', '$top=6')), 400, 'Directory_ExpiredPageToken')
  assertError(await ask(link.replace('/users', '/groups')), 400, 'Directory_ExpiredPageToken')
  assertError(await ask(link, { headers: { consistencylevel: 'eventual' } }), 400, 'Directory_ExpiredPageToken')
  assertError(await ask(`${link.slice(0, -3)}xxx`), 400, 'BadRequest')
  assertError(await ask('/users?$skiptoken=made-up'), 400, 'BadRequest')
  emulator.clock.advance({ minutes: 59 })
  const late = await asApp(emulator, READER)
  assert.equal((await late(link)).status, 200)
  emulator.clock.advance({ hours: 1 })
  assertError(await (await asApp(emulator, READER))(link), 400, 'Directory_ExpiredPageToken')
})

test('users deleted while somebody turns the pages shift nobody out of sight', async () => {
  const { body: first } = await ask('/users?$top=10')
  const { id: before } = first.value[3]
  const { id: last } = first.value[9]
  const { body: full } = await ask('/users?$top=999&$select=id')
  await emulator.directory.deleteUser({ tenant: FABRIKAM, user: before })
  await emulator.directory.deleteUser({ tenant: FABRIKAM, user: last })
  const { body: second } = await ask(first['@odata.nextLink'])
  const seen = new Set([...first.value, ...second.value].map(({ id }) => id))
  const expected: string[] = full.value.slice(0, 19).map(({ id }: { id: string }) => id)
  assert.deepEqual(
    expected.filter((id) => !seen.has(id)),
    [],
  )
})

test('a user is found by id and by user principal name, in any case', async () => {
  const { body } = await ask('/users/GRACE@fabrikam.example')
  assert.equal(body.displayName, 'Grace Person')
  assert.equal(body['@odata.context'], `${emulator.origin}/v1.0/$metadata#users/$entity`)
  assert.equal((await ask(`/Users/${body.id}`)).body.userPrincipalName, 'grace@fabrikam.example')
  assert.equal((await ask(`/users('${body.id}')?$select=displayName`)).body.displayName, 'Grace Person')
  assertError(
    await ask('/users/nobody@fabrikam.example'),
    404,
    'Request_ResourceNotFound',
    /^Resource 'nobody@fabrikam\.example' does not exist or one of its queried reference-property objects are not present\.$/,
  )
})

test('tenants never see each other', async () => {
  const contoso = await asApp(emulator, READER, CONTOSO)
  const { body } = await ask('/users/grace@fabrikam.example')
  assertError(await contoso(`/users/${body.id}`), 404, 'Request_ResourceNotFound')
  assertError(await contoso('/users/grace@fabrikam.example'), 404, 'Request_ResourceNotFound')
  assert.equal((await allPages(contoso, '/users')).items.length, 60)
})

test('organization tells the tenant of the token', async () => {
  const writer = await asApp(emulator, 'b0000000-0000-4000-8000-00000000000b')
  const { body } = await writer('/organization')
  assert.equal(body.value.length, 1)
  assert.equal(body.value[0].id, FABRIKAM)
  assert.equal(body.value[0].displayName, 'Fabrikam')
  assert.deepEqual(
    body.value[0].verifiedDomains.map(({ name, isDefault, isInitial }: Record<string, unknown>) => [
      name,
      isDefault,
      isInitial,
    ]),
    [
      ['fabrikam.example', true, false],
      ['fabrikam.onmicrosoft.com', false, true],
    ],
  )
  const { body: skus } = await writer('/subscribedSkus')
  assert.equal(skus.value[0].skuPartNumber, 'ENTERPRISEPACK')
})

test('groups have members, which carry their type', async () => {
  const { items: groups } = await allPages(ask, '/groups?$top=5')
  assert.equal(groups.length, 12)
  const { body } = await ask(`/groups/${groups[0].id}/members`)
  assert.ok(body.value.length >= 3)
  for (const member of body.value) assert.equal(member['@odata.type'], '#microsoft.graph.user')
  const { body: cast } = await ask(`/groups/${groups[0].id}/members/microsoft.graph.group`)
  assert.deepEqual(cast.value, [])
  const { body: ids } = await ask(`/groups/${groups[0].id}/members?$select=id&$top=2`)
  assert.deepEqual(Object.keys(ids.value[0]), ['@odata.type', 'id'])
  assert.ok(ids['@odata.nextLink'])
})

test('me is the user of the token, and asks for one', async () => {
  const uma = await asUser(emulator, 'uma@fabrikam.example')
  const { body } = await uma('/me')
  assert.equal(body.userPrincipalName, 'uma@fabrikam.example')
  const adam = await asUser(emulator, 'adam@fabrikam.example')
  const { body: of } = await adam('/me/memberOf')
  assert.deepEqual(
    of.value.map((role: Record<string, unknown>) => [role['@odata.type'], role.roleTemplateId]),
    [['#microsoft.graph.directoryRole', '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3']],
  )
  assertError(await ask('/me'), 400, 'BadRequest', /\/me request is only valid with delegated authentication flow/)
})

test('every answer carries the headers of Graph', async () => {
  for (const path of ['/users?$top=1', '/users/nobody', '/nothing']) {
    const { headers, status } = await ask(path, { headers: { 'client-request-id': 'mine' } })
    assert.equal(headers.get('client-request-id'), 'mine')
    assert.match(headers.get('request-id') ?? '', /^[0-9a-f-]{36}$/)
    assert.ok(JSON.parse(headers.get('x-ms-ags-diagnostic') ?? '').ServerInfo)
    assert.match(headers.get('content-type') ?? '', /^application\/json;odata\.metadata=minimal;/)
    assert.ok(headers.get('date'))
    assert.ok([200, 404, 501].includes(status))
  }
})

test('what is not emulated says so, and names the path', async () => {
  assertError(await ask('/users/x/mailFolders'), 501, 'NotImplemented', /GET \/v1\.0\/users\/x\/mailFolders/)
  assertError(await ask('/beta/security/alerts'), 501, 'NotImplemented', /GET \/beta\/security\/alerts/)
})

test('properties that Graph fetches from other services than the directory exist, but are not emulated', async () => {
  for (const path of ['/users?$select=id,skills', '/users?$select=MAILBOXSETTINGS', '/groups?$select=unseenCount'])
    assertError(await ask(path), 501, 'NotImplemented', /\$select=(skills|MAILBOXSETTINGS|unseenCount)\.$/)
  assertError(await ask('/groups?$select=skills'), 400, 'BadRequest', /Could not find a property named 'skills'/)
})

test('some properties of a group come when selected only', async () => {
  const selected = await ask('/groups?$top=1&$select=assignedLabels,assignedLicenses,licenseProcessingState')
  assert.deepEqual(selected.body.value, [{ assignedLabels: [], assignedLicenses: [], licenseProcessingState: null }])
  assert.equal('assignedLabels' in (await ask('/groups?$top=1')).body.value[0], false)
})

test('beta answers as v1.0 does, under its own name', async () => {
  const { body } = await ask('/beta/users?$top=1')
  assert.match(body['@odata.context'], /\/beta\/\$metadata#users$/)
  assert.match(body['@odata.nextLink'], /\/beta\/users\?/)
})

test('a bad token is refused with 401 in words', async () => {
  const refused: [string | null, RegExp][] = [
    [null, /^Access token is empty\.$/],
    ['garbage', /^CompactToken parsing failed with error code: 80049217$/],
  ]
  const good = await appToken(emulator, READER, FABRIKAM)
  const [header = '', payload = '', signature = ''] = good.split('.')
  const forged = Buffer.from(payload, 'base64url').toString().replace(FABRIKAM, CONTOSO)
  refused.push([
    `${header}.${Buffer.from(forged).toString('base64url')}.${signature}`,
    /^Access token validation failure\./,
  ])
  refused.push([
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
    /^Access token validation failure\./,
  ])
  for (const [token, message] of refused) {
    const answer = await withToken(emulator, token)('/users')
    assertError(answer, 401, 'InvalidAuthenticationToken', message)
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer realm="", authorization_uri="/)
  }
  emulator.clock.advance({ hours: 2 })
  assertError(
    await withToken(emulator, good)('/users'),
    401,
    'InvalidAuthenticationToken',
    /expired or is not yet valid/,
  )
})

test('a token for another audience is refused', async () => {
  emulator.mischief.say('apptoken.aud=other')
  const other = await asApp(emulator, READER)
  assertError(await other('/users'), 401, 'InvalidAuthenticationToken', /Invalid audience/)
})

test('deleting or disabling the service principal ends tokens that were issued before', async () => {
  assert.equal((await ask('/users?$top=1')).status, 200)
  await emulator.directory.setServicePrincipalEnabled({ tenant: FABRIKAM, app: READER, enabled: false })
  assert.equal((await ask('/users?$top=1')).status, 401)
  await emulator.directory.setServicePrincipalEnabled({ tenant: FABRIKAM, app: READER, enabled: true })
  assert.equal((await ask('/users?$top=1')).status, 200)
  await emulator.directory.deleteServicePrincipal({ tenant: FABRIKAM, app: READER })
  assertError(await ask('/users?$top=1'), 401, 'Authorization_IdentityNotFound')
  await emulator.directory.addServicePrincipal({ tenant: FABRIKAM, app: READER })
  assertError(await ask('/users?$top=1'), 401, 'Authorization_IdentityNotFound')
})

test('a disabled user’s token is refused', async () => {
  const uma = await asUser(emulator, 'uma@fabrikam.example')
  assert.equal((await uma('/me')).status, 200)
  await emulator.directory.setUserEnabled({ tenant: FABRIKAM, user: 'uma@fabrikam.example', enabled: false })
  assert.equal((await uma('/me')).status, 401)
})

test('a token without the permission is refused with 403, whatever the path', async () => {
  const nobody = await asApp(emulator, NOBODY)
  for (const path of [
    '/users',
    '/groups',
    '/organization',
    '/servicePrincipals',
    '/oauth2PermissionGrants',
    '/directoryRoles',
  ])
    assertError(
      await nobody(path),
      403,
      'Authorization_RequestDenied',
      /^Insufficient privileges to complete the operation\.$/,
    )
  const [entry] = emulator.requests.list({ path: '^/v1.0/users$', appId: NOBODY })
  assert.equal(entry?.status, 403)
  assert.equal(entry?.tenantId, FABRIKAM)
  assert.match(entry?.reason ?? '', /Authorization_RequestDenied/)
})
