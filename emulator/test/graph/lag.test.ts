import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import {
  asApp,
  assertError,
  FABRIKAM,
  graphEstate,
  MICROSOFT_GRAPH,
  NOBODY,
  principalId,
  READER,
  STRANGER,
  USER_READ_ALL,
  WRITER,
} from '#emulator/test/graph/support.ts'
import { askToken } from '#emulator/test/support/token.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const writer = await asApp(emulator, WRITER)
const ask = await asApp(emulator, READER)

const newcomer = {
  accountEnabled: true,
  displayName: 'Nora Newcomer',
  mailNickname: 'nora',
  userPrincipalName: 'nora@fabrikam.example',
  passwordProfile: { password: 'Passw0rd!' },
}
const byName = "/users?$select=id,displayName&$filter=userPrincipalName eq 'nora@fabrikam.example'"

test('a written user is missing, old or still there in the next reads, alone and in lists', async () => {
  emulator.lag.set({ userReads: 3 })
  const { body: made } = await writer('/users', { body: newcomer })
  const path = `/users/${made.id}`
  assertError(await ask(path), 404, 'Request_ResourceNotFound', /queried reference-property objects are not present/)
  assertError(await ask('/users/nora@fabrikam.example'), 404, 'Request_ResourceNotFound')
  assert.deepEqual((await ask(byName)).body.value, [])
  assert.equal((await ask(path)).body.displayName, 'Nora Newcomer')
  assert.equal((await ask(byName)).body.value.length, 1)

  for (const displayName of ['Nora Passing', 'Nora Renamed'])
    assert.equal((await writer(path, { method: 'PATCH', body: { displayName } })).status, 204)
  const names = []
  for (let index = 0; index < 2; index++) names.push((await ask(byName)).body.value[0].displayName)
  for (let index = 0; index < 2; index++) names.push((await ask(path)).body.displayName)
  assert.deepEqual(names, ['Nora Newcomer', 'Nora Newcomer', 'Nora Newcomer', 'Nora Renamed'])

  assert.equal((await writer(path, { method: 'DELETE' })).status, 204)
  assert.equal((await ask('/users/NORA@fabrikam.example')).body.displayName, 'Nora Renamed')
  assert.equal((await ask(byName)).body.value.length, 1)
  assertError(
    await writer(path, { method: 'PATCH', body: { jobTitle: 'x' } }),
    404,
    'Request_ResourceNotFound',
    /not present/,
  )
  assertError(await ask(path), 404, 'Request_ResourceNotFound')
})

test('the first change of a new user is refused, as it is not there yet', async () => {
  emulator.lag.set({ userReads: 1 })
  const { body: made } = await writer('/users', { body: newcomer })
  const change = () => writer(`/users/${made.id}`, { method: 'PATCH', body: { jobTitle: 'Pilot' } })
  assertError(await change(), 404, 'Request_ResourceNotFound')
  assert.equal((await change()).status, 204)
})

test('groups and their members lag apart', async () => {
  const { body: uma } = await ask('/users/uma@fabrikam.example')
  const group = (mailNickname: string) =>
    writer('/groups', { body: { displayName: 'G', mailEnabled: false, mailNickname, securityEnabled: true } })
  emulator.lag.set({ groupReads: 1, memberReads: 2 })
  const { body: made } = await group('late')
  const members = async () =>
    (await ask(`/groups/${made.id}/members?$select=id`)).body.value.map(({ id }: { id: string }) => id)
  assertError(await ask(`/groups/${made.id}`), 404, 'Request_ResourceNotFound')
  assert.deepEqual(await members(), [])
  const link = `${emulator.origin}/v1.0/directoryObjects/${uma.id}`
  assert.equal((await writer(`/groups/${made.id}/members/$ref`, { body: { '@odata.id': link } })).status, 204)
  assert.deepEqual([await members(), await members(), await members()], [[], [], [uma.id]])
  await writer(`/groups/${made.id}/members/${uma.id}/$ref`, { method: 'DELETE' })
  assert.deepEqual([await members(), await members(), await members()], [[uma.id], [uma.id], []])
})

test('a new app role, secret and assignment are each unknown for a while, in the words that clients look for', async () => {
  const { body: api } = await writer('/applications', {
    body: { displayName: 'Api', signInAudience: 'AzureADMyOrg' },
  })
  const { body: service } = await writer('/servicePrincipals', { body: { appId: api.appId } })
  emulator.lag.set({ appRoleReferences: 1, credentialTokens: 2, assignmentChecks: 1 })

  const role = '77777777-7777-4777-8777-777777777777'
  const appRoles = [{ id: role, value: 'Run', displayName: 'Run', allowedMemberTypes: ['Application'] }]
  await writer(`/applications/${api.id}`, { method: 'PATCH', body: { appRoles } })
  const principal = await principalId(writer, NOBODY)
  const assign = () =>
    writer(`/servicePrincipals/${service.id}/appRoleAssignedTo`, {
      body: { principalId: principal, resourceId: service.id, appRoleId: role },
    })
  assertError(await assign(), 400, 'Request_BadRequest', /^Permission being assigned was not found on application/)
  assert.equal((await assign()).status, 201)

  const { body: secret } = await writer(`/applications/${api.id}/addPassword`, { body: {} })
  const token = (client_secret: string) =>
    askToken(emulator, FABRIKAM, {
      grant_type: 'client_credentials',
      client_id: api.appId,
      client_secret,
      scope: 'https://graph.microsoft.com/.default',
    })
  const codes = []
  for (let index = 0; index < 3; index++) codes.push((await token(secret.secretText)).body.error_codes?.[0] ?? 'in')
  assert.deepEqual(codes, [7000215, 7000215, 'in'])

  const graph = await principalId(writer, MICROSOFT_GRAPH)
  await writer(`/servicePrincipals/${graph}/appRoleAssignedTo`, {
    body: { principalId: principal, resourceId: graph, appRoleId: USER_READ_ALL },
  })
  const nobody = await asApp(emulator, NOBODY)
  assertError(await nobody('/users?$top=1'), 403, 'Authorization_RequestDenied')
  assert.equal((await nobody('/users?$top=1')).status, 200, 'the same token')
})

test('with strong consistency nothing lags, whatever else is set', async () => {
  emulator.lag.set({ userReads: 5, servicePrincipalReads: 5, assignmentWrites: 5, consistency: 'strong' })
  const { body: user } = await writer('/users', { body: newcomer })
  assert.equal((await ask(`/users/${user.id}`)).status, 200)
  const { body: principal } = await writer('/servicePrincipals', { body: { appId: STRANGER } })
  assert.equal((await ask(`/servicePrincipals/${principal.id}`)).status, 200)
})

/** What ten questions about each of five new users are answered. */
async function answersWith(settings: { seed: number; consistency: 'bounded' | 'adversarial' }): Promise<string[]> {
  emulator.reset()
  emulator.lag.set({ userReads: 4, ...settings })
  const answers: string[] = []
  for (let person = 0; person < 5; person++) {
    const { body } = await writer('/users', {
      body: { ...newcomer, userPrincipalName: `nora${person}@fabrikam.example`, mailNickname: `nora${person}` },
    })
    let seen = ''
    for (let question = 0; question < 10; question++)
      seen += (await ask(`/users/${body.id}`)).status === 200 ? '+' : '-'
    answers.push(seen)
  }
  return answers
}

test('with a seed each write reaches each replica after another time, the same in every run', async () => {
  const bounded = await answersWith({ seed: 3, consistency: 'bounded' })
  assert.ok(
    bounded.every((seen) => /^-{0,4}\+{6,10}$/.test(seen)),
    `behind at most four times, then never: ${bounded}`,
  )
  assert.ok(new Set(bounded).size > 1, `not all the same: ${bounded}`)
  assert.deepEqual(await answersWith({ seed: 3, consistency: 'bounded' }), bounded)
  const seeds = [1, 2, 3, 4]
  const adversarial = []
  for (const seed of seeds) adversarial.push((await answersWith({ seed, consistency: 'adversarial' })).join(' '))
  assert.ok(
    adversarial.some((seen) => /\+-/.test(seen)),
    `seen, then gone again: ${adversarial}`,
  )
  assert.ok(adversarial.every((seen) => seen.split(' ').every((one) => one.slice(4) === '++++++')))
  assert.equal(new Set(adversarial).size, seeds.length)
})

test('what a snapshot holds is old: it does not lag after it is restored', async () => {
  emulator.lag.set({ userReads: 3 })
  const path = '/users/uma@fabrikam.example'
  const before = (await ask(path)).body
  await writer(`/users/${before.id}`, { method: 'PATCH', body: { displayName: 'Uma Renamed' } })
  assert.equal((await ask(path)).body.displayName, before.displayName)
  emulator.restore(emulator.snapshot())
  assert.equal((await ask(path)).body.displayName, 'Uma Renamed')
})
