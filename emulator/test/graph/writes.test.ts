import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import {
  asApp,
  assertError,
  asUser,
  FABRIKAM,
  graphEstate,
  MICROSOFT_GRAPH,
  PORTAL,
  principalId,
  READER,
  USER_READ_ALL,
  WRITER,
} from '#emulator/test/graph/support.ts'
import { openBrowser, signIn } from '#emulator/test/support/browser.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const writer = await asApp(emulator, WRITER)
const reader = await asApp(emulator, READER)

const newcomer = {
  accountEnabled: true,
  displayName: 'Nora Newcomer',
  mailNickname: 'nora',
  userPrincipalName: 'nora@fabrikam.example',
  passwordProfile: { password: 'S3cret-of-nora', forceChangePasswordNextSignIn: false },
}

test('a user is created, changed, signs in, and is deleted', async () => {
  const made = await writer('/users', { body: newcomer })
  assert.equal(made.status, 201, made.text)
  assert.equal(made.body.userPrincipalName, 'nora@fabrikam.example')
  assert.equal(made.body.passwordProfile, undefined)
  assert.equal(
    (
      await writer(`/users/${made.body.id}`, {
        method: 'PATCH',
        body: { jobTitle: 'Pilot', userPrincipalName: 'nn@fabrikam.example' },
      })
    ).status,
    204,
  )
  const { body: changed } = await reader('/users/nn@fabrikam.example')
  assert.deepEqual([changed.id, changed.jobTitle, changed.displayName], [made.body.id, 'Pilot', 'Nora Newcomer'])
  assertError(await reader('/users/nora@fabrikam.example'), 404, 'Request_ResourceNotFound')
  assert.equal(
    (await reader('/users?$count=true&$top=1', { headers: { consistencylevel: 'eventual' } })).body['@odata.count'],
    1_206,
  )
  await writer(`/users/${made.body.id}`, { method: 'PATCH', body: { passwordProfile: { password: 'Passw0rd!' } } })
  assert.equal((await (await asUser(emulator, 'nn@fabrikam.example'))('/me')).body.id, made.body.id)
  assert.equal((await writer(`/users/${made.body.id}`, { method: 'DELETE' })).status, 204)
  assertError(await reader(`/users/${made.body.id}`), 404, 'Request_ResourceNotFound')
})

test('a new password is as complex as Entra ID wants it, and is changed at the first sign-in where that is said', async () => {
  const change = (id: string, passwordProfile: object) =>
    writer(`/users/${id}`, { method: 'PATCH', body: { passwordProfile } })
  const passwordProfile = { password: 'S3cret-of-nora', forceChangePasswordNextSignIn: true }
  const { body: made } = await writer('/users', { body: { ...newcomer, passwordProfile } })
  const weak = ['Sh0rt-1', 'alllowercase', 'only-two-kinds', 'X'.repeat(257)]
  for (const password of weak) {
    const answer = await change(made.id, { password })
    assertError(answer, 400, 'Request_BadRequest', /does not comply with password complexity requirements/)
    const userPrincipalName = 'weak@fabrikam.example'
    const created = await writer('/users', { body: { ...newcomer, userPrincipalName, passwordProfile: { password } } })
    assertError(created, 400, 'Request_BadRequest', /password complexity/)
  }
  const url = new URL(`${emulator.browserOrigin}/organizations/oauth2/v2.0/authorize`)
  url.search = String(
    new URLSearchParams({
      client_id: PORTAL,
      response_type: 'code',
      redirect_uri: 'http://localhost:3999/callback',
      scope: 'openid',
    }),
  )
  const person = { username: newcomer.userPrincipalName, password: 'S3cret-of-nora' }
  assert.match((await signIn(openBrowser(emulator), url.href, person)).text, /newpasswd/)
  assert.equal((await change(made.id, { forceChangePasswordNextSignIn: false })).status, 204)
  assert.doesNotMatch((await signIn(openBrowser(emulator), url.href, person)).text, /newpasswd/)
})

test('a user that cannot be is refused in words', async () => {
  const twoAts = { ...newcomer, userPrincipalName: 'nora@home@fabrikam.example' }
  assertError(await writer('/users', { body: twoAts }), 400, 'Request_BadRequest', /'userPrincipalName'/)
  const { displayName: _, ...nameless } = newcomer
  assertError(
    await writer('/users', { body: nameless }),
    400,
    'Request_BadRequest',
    /A value is required for property 'displayName' of resource 'User'/,
  )
  assertError(
    await writer('/users', { body: { ...newcomer, accountEnabled: 'yes' } }),
    400,
    'Request_BadRequest',
    /Invalid value specified for property 'accountEnabled'/,
  )
  assertError(await writer('/users', { body: { ...newcomer, shoeSize: 43 } }), 400, 'Request_BadRequest', /shoeSize/)
  assertError(await writer('/users', { body: { ...newcomer, city: 'Oslo' } }), 501, 'NotImplemented', /city/)
  assertError(
    await writer('/users', { body: { ...newcomer, userPrincipalName: 'nora@elsewhere.example' } }),
    400,
    'Request_BadRequest',
    /verified domain/,
  )
  const twice = await writer('/users', { body: { ...newcomer, userPrincipalName: 'UMA@fabrikam.example' } })
  assertError(
    twice,
    400,
    'Request_BadRequest',
    /^Another object with the same value for property userPrincipalName already exists\.$/,
  )
  assertError(await reader('/users', { body: newcomer }), 403, 'Authorization_RequestDenied')
})

test('a group is created with members, gains and loses some, and is deleted', async () => {
  const { body: uma } = await reader('/users/uma@fabrikam.example')
  const { body: adam } = await reader('/users/adam@fabrikam.example')
  const link = (id: string) => `${emulator.origin}/v1.0/directoryObjects/${id}`
  const made = await writer('/groups', {
    body: {
      displayName: 'Pilots',
      mailEnabled: false,
      mailNickname: 'pilots',
      securityEnabled: true,
      'members@odata.bind': [link(uma.id)],
    },
  })
  assert.equal(made.status, 201, made.text)
  const path = `/groups/${made.body.id}`
  const members = async () =>
    (await reader(`${path}/members?$select=id`)).body.value.map(({ id }: { id: string }) => id)
  assert.deepEqual(await members(), [uma.id])
  const add = () => writer(`${path}/members/$ref`, { body: { '@odata.id': link(adam.id) } })
  assert.equal((await add()).status, 204)
  assertError(await add(), 400, 'Request_BadRequest', /^One or more added object references already exist/)
  assert.deepEqual(await members(), [uma.id, adam.id])
  const ids = await reader(`/users/${adam.id}/getMemberGroups`, { body: { securityEnabledOnly: true } })
  assert.deepEqual(ids.body.value, [made.body.id])
  assert.deepEqual(
    (await reader(`/users/${adam.id}/checkMemberGroups`, { body: { groupIds: [made.body.id, uma.id] } })).body.value,
    [made.body.id],
  )
  assert.equal((await writer(`${path}/members/${uma.id}/$ref`, { method: 'DELETE' })).status, 204)
  assertError(await writer(`${path}/members/${uma.id}/$ref`, { method: 'DELETE' }), 404, 'Request_ResourceNotFound')
  assert.deepEqual(await members(), [adam.id])
  assert.equal((await writer(path, { method: 'PATCH', body: { description: 'They fly' } })).status, 204)
  assert.equal((await reader(path)).body.description, 'They fly')
  assert.equal((await writer(path, { method: 'DELETE' })).status, 204)
  assertError(await reader(`${path}/members`), 404, 'Request_ResourceNotFound')
})

test('members of members count as transitive, each once, and through circles too', async () => {
  const group = async (displayName: string) =>
    (
      await writer('/groups', {
        body: { displayName, mailEnabled: false, mailNickname: displayName, securityEnabled: true },
      })
    ).body.id
  const [outer, inner] = [await group('outer'), await group('inner')]
  const { body: uma } = await reader('/users/uma@fabrikam.example')
  const add = (to: string, id: string) =>
    writer(`/groups/${to}/members/$ref`, { body: { '@odata.id': `${emulator.origin}/v1.0/directoryObjects/${id}` } })
  await add(outer, inner)
  await add(inner, uma.id)
  await add(inner, outer)
  const { body } = await reader(`/groups/${outer}/transitiveMembers?$select=id`)
  assert.deepEqual(new Set(body.value.map(({ id }: { id: string }) => id)), new Set([inner, uma.id, outer]))
  const { body: users } = await reader(`/groups/${outer}/transitiveMembers/microsoft.graph.user?$select=id`)
  assert.deepEqual(
    users.value.map(({ id }: { id: string }) => id),
    [uma.id],
  )
  const { body: of } = await reader(`/users/${uma.id}/transitiveMemberOf/microsoft.graph.group?$select=id`)
  assert.ok(of.value.some(({ id }: { id: string }) => id === outer))
  const { body: direct } = await reader(`/users/${uma.id}/memberOf/microsoft.graph.group?$select=id`)
  assert.ok(!direct.value.some(({ id }: { id: string }) => id === outer))
})

test('users with a scope need the directory role too', async () => {
  const { body } = await writer(`/servicePrincipals/${await principalId(writer, PORTAL)}/oauth2PermissionGrants`)
  const [grant] = body.value
  await writer(`/oauth2PermissionGrants/${grant.id}`, {
    method: 'PATCH',
    body: { scope: `${grant.scope} User.ReadWrite.All` },
  })
  const adam = await asUser(emulator, 'adam@fabrikam.example')
  assert.equal((await adam('/users?$top=1')).status, 200, 'the scope is there')
  assertError(await adam('/users', { body: newcomer }), 403, 'Authorization_RequestDenied')
  const grace = await asUser(emulator, 'grace@fabrikam.example')
  assert.equal((await grace('/users', { body: newcomer })).status, 201)
})

test('objects are resolved by their ids, of whatever type', async () => {
  const { body: uma } = await reader('/users/uma@fabrikam.example')
  const { body: groups } = await reader('/groups?$top=1')
  const ids = [uma.id, groups.value[0].id, '99999999-9999-4999-8999-999999999999']
  const { body } = await reader('/directoryObjects/getByIds', { body: { ids } })
  assert.deepEqual(
    body.value.map((object: Record<string, string>) => [object['@odata.type'], object.id]),
    [
      ['#microsoft.graph.user', uma.id],
      ['#microsoft.graph.group', groups.value[0].id],
    ],
  )
  const { body: only } = await reader('/directoryObjects/getByIds', { body: { ids, types: ['group'] } })
  assert.equal(only.value.length, 1)
  const one = `/directoryObjects/${uma.id}`
  assertError(await reader(one), 403, 'Authorization_RequestDenied')
  await emulator.directory.grantPermission({ tenant: FABRIKAM, app: READER, permission: 'Directory.Read.All' })
  assert.equal((await (await asApp(emulator, READER))(one)).body['@odata.type'], '#microsoft.graph.user')
})

test('what is made tells where the directory keeps it, which is no address of Graph’s', async () => {
  const at = (place: string) => `${emulator.origin}/v2/${FABRIKAM}/${place}`
  const make = async (path: string, body: object) => {
    const { status, headers, body: item, text } = await writer(path, { body })
    assert.equal(status, 201, text)
    return { location: headers.get('location'), id: String(item.id), item }
  }
  const user = await make('/users', newcomer)
  assert.equal(user.location, at(`directoryObjects/${user.id}/Microsoft.DirectoryServices.User`))
  const group = await make('/groups', {
    displayName: 'Pilots',
    mailNickname: 'pilots',
    mailEnabled: false,
    securityEnabled: true,
  })
  assert.equal(group.location, at(`directoryObjects/${group.id}/Microsoft.DirectoryServices.Group`))
  const application = await make('/applications', { displayName: 'Made' })
  assert.equal(application.location, at(`directoryObjects/${application.id}/Microsoft.DirectoryServices.Application`))
  const credential = await make(`/applications/${application.id}/federatedIdentityCredentials`, {
    name: 'ci',
    issuer: 'https://token.example',
    subject: 'repo:made',
    audiences: ['api://AzureADTokenExchange'],
  })
  assert.equal(credential.location, at(`federatedIdentityCredentials/${credential.id}`))
  const principal = await make('/servicePrincipals', { appId: application.item.appId })
  assert.equal(principal.location, at(`directoryObjects/${principal.id}/Microsoft.DirectoryServices.ServicePrincipal`))
  const resourceId = await principalId(writer, MICROSOFT_GRAPH)
  const grant = await make('/oauth2PermissionGrants', {
    clientId: principal.id,
    consentType: 'AllPrincipals',
    resourceId,
    scope: 'User.Read',
  })
  assert.equal(grant.location, at(`oauth2PermissionGrants/${grant.id}`))
  const ofPrincipal = `directoryObjects/$/Microsoft.DirectoryServices.ServicePrincipal('${principal.id}')`
  const assignment = await make(`/servicePrincipals/${principal.id}/appRoleAssignments`, {
    principalId: principal.id,
    resourceId,
    appRoleId: USER_READ_ALL,
  })
  assert.equal(assignment.location, at(`${ofPrincipal}/appRoleAssignments/${assignment.id}`))

  const followed = await writer(`${user.location}`)
  assert.equal(followed.status, 501, 'version 2 is the directory’s own')
  const changed = await writer(`/users/${user.id}`, { method: 'PATCH', body: { jobTitle: 'Pilot' } })
  assert.deepEqual(
    [changed.status, changed.headers.get('location'), changed.headers.get('odata-version')],
    [204, null, null],
  )
  assert.equal((await writer(`/users/${user.id}`)).headers.get('odata-version'), '4.0')
})
