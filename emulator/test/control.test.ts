import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { APP, CONTOSO, FABRIKAM, GRAPH_DEFAULT, SECRET, testEstate } from '#emulator/test/support/estate.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'
import { until } from '#test/support/until.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())

async function control(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${emulator.browserOrigin}/_emulator${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}
const appOnly = (tenant = CONTOSO) =>
  askToken(emulator, tenant, {
    grant_type: 'client_credentials',
    client_id: APP,
    client_secret: SECRET,
    scope: GRAPH_DEFAULT,
  })

test('health says ok', async () => {
  assert.equal((await control('GET', '/health')).body.status, 'ok')
})

test('the clock is turned, set and put back', async () => {
  const before = emulator.clock.now().getTime()
  const turned = await control('PUT', '/clock', { advance: { days: 1, minutes: 30 } })
  assert.equal(turned.body.offsetSeconds, 88_200)
  assert.ok(new Date(turned.body.now).getTime() >= before + 88_200_000)
  await control('PUT', '/clock', { now: '2031-02-03T04:05:06Z' })
  assert.equal(emulator.clock.now().toISOString().slice(0, 16), '2031-02-03T04:05')
  assert.equal((await control('DELETE', '/clock')).body.offsetSeconds, 0)
})

test('a stopped clock moves only when it is turned, until it is put back', async () => {
  const stopped = await control('PUT', '/clock', { stopped: true })
  assert.equal(stopped.body.stopped, true)
  const at = new Date(stopped.body.now).getTime()
  assert.ok(at <= Date.now())
  await until('the machine’s clock has gone on', () => Date.now() > at)
  assert.equal((await control('GET', '/clock')).body.now, stopped.body.now)
  assert.match(await (await fetch(`${emulator.browserOrigin}/_emulator/`)).text(), /badge">stopped</)
  emulator.clock.stop()
  emulator.clock.advance({ minutes: 1 })
  assert.equal(emulator.clock.now().getTime(), at + 60_000)
  assert.equal((await appOnly()).status, 200, 'tokens are given on a stopped clock as well')
  emulator.clock.set(new Date('2031-02-03T04:05:06Z'))
  assert.equal(emulator.clock.now().toISOString(), '2031-02-03T04:05:06.000Z')
  assert.equal((await control('PUT', '/clock', { stopped: false })).status, 400)
  const going = (await control('DELETE', '/clock')).body
  assert.deepEqual([going.stopped, going.offsetSeconds], [false, 0])
  await until('it goes again', () => emulator.clock.now().getTime() > new Date(going.now).getTime())
})

test('mischief, lag and requests can be read and set', async () => {
  const rules = [{ at: 'token', answer: { status: 503 } }]
  assert.equal((await control('PUT', '/mischief', { rules })).body.rules.length, 1)
  assert.equal((await appOnly()).status, 503)
  assert.equal((await control('POST', '/mischief', { word: 'idtoken.sig=none' })).body.rules[1].at, 'idtoken')
  assert.equal((await control('DELETE', '/mischief')).status, 204)
  assert.equal((await appOnly()).status, 200)
  assert.equal((await control('PUT', '/lag', { assignmentTokens: 3 })).body.assignmentTokens, 3)
  assert.equal((await control('GET', '/lag')).body.servicePrincipalReads, 0)
  const { requests } = (await control('GET', '/requests?path=/token$&status=503')).body
  assert.deepEqual(
    requests.map(({ reason }: { reason: string }) => reason),
    ['mischief: answers 503'],
  )
  assert.equal((await control('DELETE', '/requests')).status, 204)
  assert.deepEqual((await control('GET', '/requests')).body.requests, [])
})

test('what is not understood is told with every mistake, and changes nothing', async () => {
  const answer = await control('PUT', '/mischief', { rules: [{ at: 'moon' }, { at: 'token', nth: 0, reset: true }] })
  assert.equal(answer.status, 400)
  assert.equal(answer.body.mistakes.length, 2)
  assert.equal((await control('PUT', '/clock', { advance: { weeks: 1 } })).status, 400)
  assert.equal((await control('GET', '/requests?path=(')).status, 400)
  assert.equal((await control('GET', '/requests?status=refused')).status, 400)
  const turned = await control('PUT', '/clock', { advance: { days: 'x' } })
  assert.match(turned.body.mistakes[0], /must be \{"advance":\{"days":1,/)
  for (const headers of [{ 'bad\nname': 'x' }, { name: 'bad\r\nvalue' }])
    assert.equal((await control('POST', '/mischief', { at: 'token', answer: { status: 503, headers } })).status, 400)
  const { now } = (await control('GET', '/clock')).body
  for (const wish of [{ advance: { days: 1e12 } }, { advance: { days: -1e6 } }, { now: '0001-01-01T00:00:00Z' }]) {
    const refused = await control('PUT', '/clock', wish)
    assert.deepEqual([refused.status, refused.body.mistakes], [400, ['the clock goes from 1970 to 9989']])
  }
  assert.equal((await control('GET', '/clock')).body.now.slice(0, 10), now.slice(0, 10))
  assert.throws(() => emulator.clock.advance({ days: 1e12 }), /the clock goes from 1970 to 9989/)
  const text = await fetch(`${emulator.browserOrigin}/_emulator/lag`, { method: 'PUT', body: 'not json' })
  assert.equal(text.status, 400)
  assert.equal((await control('GET', '/nothing')).status, 404)
})

test('operations by name: each is listed with its shape, and does what it says', async () => {
  const { body } = await control('GET', '/operations')
  assert.ok(body.deleteServicePrincipal.properties.tenant)
  assert.equal(
    (await control('POST', '/operations/deleteServicePrincipal', { tenant: 'contoso.example', app: APP })).body.result,
    true,
  )
  assert.deepEqual((await appOnly()).body.error_codes, [7000229])
  const gone = await control('POST', '/operations/deleteServicePrincipal', { tenant: 'contoso.example', app: APP })
  assert.equal(gone.status, 404)
  assert.match(gone.body.error, /no service principal in Contoso/)
  assert.match((await control('POST', '/operations/fly', {})).body.error, /There are: /)
  assert.equal((await control('POST', '/operations/addSecret', { app: 'x' })).status, 400)
  const { result } = (await control('POST', '/operations/addSecret', { app: APP })).body
  assert.ok(result.length > 20)
})

test('operations of the directory, one by one', async () => {
  const { directory } = emulator
  await directory.setDirectoryRoles({ tenant: FABRIKAM, user: 'uma@fabrikam.example', roles: ['Global Administrator'] })
  const uma = emulator
    .estate()
    .tenants.find(({ id }) => id === FABRIKAM)
    ?.accounts.find(({ displayName }) => displayName === 'Uma User')
  assert.deepEqual(uma?.roles, ['Global Administrator'])
  await assert.rejects(
    directory.setDirectoryRoles({ tenant: FABRIKAM, user: 'uma@fabrikam.example', roles: ['King'] }),
    /no directory role “King”/,
  )
  await directory.deleteUser({ tenant: FABRIKAM, user: 'uma@fabrikam.example' })
  await assert.rejects(
    directory.setUserEnabled({ tenant: FABRIKAM, user: 'uma@fabrikam.example', enabled: true }),
    /no user/,
  )
  await directory.deleteTenant({ tenant: CONTOSO })
  assert.deepEqual((await appOnly()).body.error_codes, [90002])
  await directory.removeSecrets({ app: APP })
  assert.deepEqual((await appOnly(FABRIKAM)).body.error_codes, [7000215])
})

test('a snapshot brings directory and time back, any number of times; reset brings the estate back', async () => {
  await emulator.directory.grantPermission({ tenant: CONTOSO, app: APP, permission: 'Group.Read.All' })
  emulator.clock.advance({ days: 10 })
  const { id } = (await control('POST', '/snapshots')).body
  for (let time = 0; time < 2; time += 1) {
    await emulator.directory.deleteServicePrincipal({ tenant: CONTOSO, app: APP })
    emulator.clock.advance({ days: 1000 })
    assert.equal((await appOnly()).status, 401)
    assert.equal((await control('POST', `/snapshots/${id}/restore`)).status, 204)
    assert.equal((await appOnly()).status, 200)
  }
  const days = (await control('GET', '/clock')).body.offsetSeconds / 86_400
  assert.equal(days, 10)
  assert.equal((await control('POST', '/snapshots/99/restore')).status, 404)
  await emulator.directory.deleteTenant({ tenant: CONTOSO })
  assert.equal((await control('POST', '/reset')).status, 204)
  assert.equal((await appOnly()).status, 200)
  assert.equal((await control('GET', '/clock')).body.offsetSeconds, 0)
})

test('the estate shows what is there and no password or secret', async () => {
  const { body } = await control('GET', '/estate')
  assert.deepEqual(
    body.tenants.map(({ displayName }: { displayName: string }) => displayName),
    ['Northwind', 'Fabrikam', 'Contoso', 'Personal accounts'],
  )
  assert.doesNotMatch(JSON.stringify(body), /Passw0rd|a-secret/)
})

test('a lever that is none is not found, and one pulled too far says so', async () => {
  const pull = async (lever: string, form: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    (
      await fetch(`${emulator.browserOrigin}/_emulator/levers/${lever}`, {
        method: 'POST',
        body: new URLSearchParams(form),
        headers,
        redirect: 'manual',
      })
    ).status
  for (const lever of ['nothing', 'constructor', '__proto__']) assert.equal(await pull(lever), 404, lever)
  for (const days of ['many', 'NaN', 'Infinity', '1e9']) assert.equal(await pull('advance', { days }), 400, days)
  assert.equal(await pull('snapshot', {}, { 'content-type': 'multipart/form-data' }), 303, 'what is no form is empty')
})

test('another site in the same browser cannot pull the levers', async () => {
  const from = (headers: Record<string, string>, method = 'POST', path = '/reset') =>
    control(method, path, undefined, headers).then(({ status }) => status)
  assert.equal(await from({ origin: 'https://evil.example' }), 403)
  assert.equal(await from({ origin: 'null' }), 403)
  assert.equal(await from({ origin: 'http://localhost:1' }), 403)
  assert.equal(await from({ 'sec-fetch-site': 'cross-site' }), 403)
  assert.equal(await from({ 'sec-fetch-site': 'same-site' }), 403, 'another port is another site')
  assert.equal(await from({ 'sec-fetch-site': 'cross-site' }, 'GET', '/requests'), 403)
  assert.equal(await from({ origin: emulator.browserOrigin, 'sec-fetch-site': 'same-origin' }), 204)
  assert.equal(await from({}), 204)
})

test('the control API answers over HTTPS as well', async () => {
  assert.equal((await ask(emulator, '/_emulator/health')).body.status, 'ok')
})
