import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { startEmulator } from '#emulator/index.ts'
import { APP, CONTOSO, GRAPH_DEFAULT, SECRET, testEstate } from '#emulator/test/support/estate.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'
import { until } from '#test/support/until.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const folder = mkdtempSync(join(tmpdir(), 'emulator-'))
after(() => rmSync(folder, { recursive: true }))

async function statusFor(host: string, path = '/_emulator/health'): Promise<number> {
  const asked = request(`${emulator.browserOrigin}${path}`, { headers: { host } }).end()
  const [response] = await once(asked, 'response')
  response.resume()
  return response.statusCode
}

test('L03 a foreign Host header is refused, so that no rebinding reaches it', async () => {
  for (const host of [
    'localhost',
    'localhost:1',
    '127.0.0.1:8080',
    '[::1]:8080',
    'LOCALHOST',
    'login.microsoftonline.com',
    'graph.microsoft.com:443',
  ])
    assert.equal(await statusFor(host), 200, host)
  for (const host of ['evil.example', 'localhost.evil.example', 'evil.example:8080', '192.168.1.2', '0.0.0.0'])
    assert.equal(await statusFor(host), 421, host)
  assert.equal(await statusFor('evil.example', '/common/v2.0/.well-known/openid-configuration'), 421)
})

test('L03 it listens on loopback only', async () => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address && !address.internal && address.family === 'IPv4')?.address
  if (!outside) return
  for (const origin of [emulator.origin, emulator.browserOrigin]) {
    const socket: Socket = connect(Number(new URL(origin).port), outside)
    const [error] = await once(socket, 'error')
    assert.equal(error.code, 'ECONNREFUSED')
  }
})

test('its certificate holds for local names and Microsoft’s, under its own authority alone', async () => {
  for (const servername of ['localhost', 'login.microsoftonline.com', 'graph.microsoft.com', 'management.azure.com']) {
    const socket = connectTls({
      host: '127.0.0.1',
      port: Number(new URL(emulator.origin).port),
      servername,
      ca: emulator.ca,
    })
    await once(socket, 'secureConnect')
    assert.equal(socket.authorized, true, servername)
    socket.destroy()
  }
  const byAddress: TLSSocket = connectTls({
    host: '127.0.0.1',
    port: Number(new URL(emulator.origin).port),
    ca: emulator.ca,
  })
  await once(byAddress, 'secureConnect')
  assert.equal(byAddress.authorized, true)
  byAddress.destroy()
  assert.equal(new X509Certificate(emulator.ca).ca, true)
  const untrusting = connectTls({ host: 'localhost', port: Number(new URL(emulator.origin).port) })
  const [error] = await once(untrusting, 'error')
  assert.match(error.code, /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED/)
})

test('a data folder keeps the authority, so that clients trust it once; the key is its owner’s alone', async () => {
  const start = () => startEmulator({ estate: testEstate(), dataDir: folder })
  const first = await start()
  const { ca, caFile } = first
  assert.equal(readFileSync(caFile ?? '', 'utf8'), ca)
  await first.close()
  await using second = await start()
  assert.equal(second.ca, ca)
  assert.equal(statSync(join(folder, 'server.key')).mode & 0o777, 0o600)
  assert.equal((await ask(second, '/_emulator/health')).status, 200)
})

test('what is broken in the data folder is made anew, and what is there belongs together', async () => {
  const start = () => startEmulator({ estate: testEstate(), dataDir: folder })
  const others = mkdtempSync(join(tmpdir(), 'emulator-others-'))
  await (await startEmulator({ estate: testEstate(), dataDir: others })).close()
  for (const file of ['ca.pem', 'server.pem', 'server.key'])
    for (const text of ['junk', '', readFileSync(join(others, file), 'utf8')]) {
      await (await start()).close()
      writeFileSync(join(folder, file), text)
      await using mended = await start()
      assert.equal(mended.ca, readFileSync(join(folder, 'ca.pem'), 'utf8'))
      assert.equal((await ask(mended, '/_emulator/health')).status, 200, file)
    }
  rmSync(others, { recursive: true })
  assert.deepEqual(readdirSync(folder).sort(), ['ca.pem', 'server.key', 'server.pem'])
})

test('emulators that begin in one empty folder at the same moment have one authority', async () => {
  const empty = join(folder, 'empty')
  const all = await Promise.all(
    Array.from({ length: 4 }, () => startEmulator({ estate: testEstate(), dataDir: empty })),
  )
  for (const one of all) assert.equal(one.ca, readFileSync(join(empty, 'ca.pem'), 'utf8'))
  await Promise.all(all.map((one) => one.close()))
  rmSync(empty, { recursive: true })
})

test('closing cuts idle connections and lets no request in afterwards', async () => {
  const own = await startEmulator({ estate: testEstate() })
  const idle = connect(Number(new URL(own.browserOrigin).port), '127.0.0.1')
  await once(idle, 'connect')
  idle.write(`GET /_emulator/health HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await once(idle, 'data')
  const ended = once(idle, 'close')
  await own.close()
  await ended
  const late = connect(Number(new URL(own.browserOrigin).port), '127.0.0.1')
  const [error] = await once(late, 'error')
  assert.equal(error.code, 'ECONNREFUSED')
  await own.close()
})

test('two emulators run side by side and share nothing', async () => {
  await using other = await startEmulator({ estate: testEstate() })
  await other.directory.deleteServicePrincipal({ tenant: CONTOSO, app: APP })
  const form = { grant_type: 'client_credentials', client_id: APP, client_secret: SECRET, scope: GRAPH_DEFAULT }
  assert.equal((await askToken(other, CONTOSO, form)).status, 401)
  assert.equal((await askToken(emulator, CONTOSO, form)).status, 200)
})

test('L01 the request log says who, where, what and why not, and keeps no secret', async () => {
  const secrets = { client_secret: 'canary-secret', code: 'canary-code', code_verifier: 'canary-verifier' }
  await askToken(emulator, CONTOSO, { grant_type: 'authorization_code', client_id: APP, redirect_uri: 'x', ...secrets })
  await ask(
    emulator,
    `/common/oauth2/v2.0/authorize?client_id=${APP}&state=canary-state&nonce=canary-nonce&code=canary-code`,
  )
  const [token, page] = emulator.requests.list()
  assert.equal(token?.method, 'POST')
  assert.equal(token?.path, `/${CONTOSO}/oauth2/v2.0/token`)
  assert.equal(token?.tenantId, CONTOSO)
  assert.equal(token?.appId, APP)
  assert.equal(token?.grantType, 'authorization_code')
  assert.equal(token?.status, 401)
  assert.match(token?.reason ?? '', /^AADSTS7000215/)
  assert.match(page?.query ?? '', /state=\[redacted\]/)
  assert.doesNotMatch(JSON.stringify(emulator.requests.list()), /canary/)
  assert.equal(emulator.requests.list({ status: 401 }).length, 1)
  assert.equal(emulator.requests.list({ path: '/authorize$' }).length, 1)
  emulator.requests.clear()
  assert.deepEqual(emulator.requests.list(), [])
})

test('an address that is not emulated is 501 and names itself, here and in the request log', async () => {
  for (const path of ['/', `/${CONTOSO}/saml2`, `/${CONTOSO}/oauth2/v2.0/nothing`, '/v2.0/users']) {
    const { status, body } = await ask(emulator, `${path}?canary=1`)
    assert.equal(status, 501, path)
    assert.equal(body.error_description, `The emulator does not know GET ${path}.`)
    assert.equal(emulator.requests.list().at(-1)?.reason, body.error_description)
  }
  assert.equal((await ask(emulator, '/_emulator/nothing')).status, 404)
})

test('what browsers ask for by themselves is answered, and stands in no log', async () => {
  emulator.requests.clear()
  for (const origin of [emulator.origin, emulator.browserOrigin]) {
    const { status } = await ask(emulator, `${origin}/favicon.ico`)
    assert.equal(status, 204, origin)
  }
  assert.deepEqual(emulator.requests.list(), [])
})

test('more than four megabytes are refused and not kept, announced or in pieces; less in pieces is read', async () => {
  const MEGABYTE = 'a'.repeat(1024 * 1024)
  const inPieces = async function* (head: string, megabytes: number) {
    yield Buffer.from(head)
    for (let sent = 0; sent < megabytes; sent += 1) yield Buffer.from(MEGABYTE)
  }
  const form = `grant_type=client_credentials&client_id=${APP}&client_secret=${SECRET}&scope=${GRAPH_DEFAULT}&x=`
  const post = async (path: string, body: string | AsyncGenerator<Buffer>) => {
    const response = await fetch(`${emulator.browserOrigin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      ...(typeof body === 'string' ? { body } : { body: body as never, duplex: 'half' }),
    } as RequestInit)
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
  const token = `/${CONTOSO}/oauth2/v2.0/token`
  for (const body of [form + MEGABYTE.repeat(4), inPieces(form, 4)]) {
    const refused = await post(token, body)
    assert.deepEqual([refused.status, refused.body.error], [413, 'invalid_request'])
  }
  assert.deepEqual((await post('/v1.0/users', inPieces('{', 5))).body.error, {
    code: 'BadRequest',
    message: 'Maximum request length exceeded.',
  })
  assert.equal((await post('/_emulator/reset', MEGABYTE.repeat(5))).status, 413)
  const reasons = emulator.requests.list({ status: 413 }).map(({ reason }) => reason)
  assert.deepEqual(reasons, Array(3).fill('The body is longer than 4194304 bytes.'))
  for (const rules of [[], [{ at: 'token', match: { app: APP }, delayMs: 1 }]] as const) {
    emulator.mischief.set(rules)
    const { status, body } = await post(token, inPieces(form, 3))
    assert.equal(status, 200, body.error_description)
  }
})

test('a client that hangs up in the middle of its request is no defect', async (t) => {
  const complaints = t.mock.method(console, 'error')
  const token = await askToken(emulator, CONTOSO, {
    grant_type: 'client_credentials',
    client_id: APP,
    client_secret: SECRET,
    scope: GRAPH_DEFAULT,
  })
  const head = `POST /v1.0/$batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token.body.access_token}\r\n`
  for (const length of ['Content-Length: 500', 'Transfer-Encoding: chunked']) {
    const socket = connect(Number(new URL(emulator.browserOrigin).port), '127.0.0.1')
    socket.write(`${head}Content-Type: application/json\r\n${length}\r\n\r\n2\r\n{}`)
    socket.destroySoon()
  }
  const gone = () => emulator.requests.list({ path: 'batch' })
  await until('the log has both', () => gone().length === 2)
  for (const { status, reason } of gone())
    assert.deepEqual([status, reason], [499, 'The client went away before it had said everything.'])
  assert.equal(complaints.mock.callCount(), 0)
})
