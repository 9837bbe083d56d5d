import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { openOutbound } from '#outbound/open.ts'
import { type OutboundRequest, send } from '#outbound/send.ts'
import { type Host, openHost } from '#test/outbound/support/open-host.ts'
import { silentLog } from '#test/support/backends.ts'
import { refusedWith } from '#test/support/problem.ts'
import { until } from '#test/support/until.ts'

/** One host that may be spoken to, and the way out to it. */
async function openWayOut(t: TestContext, answer?: (request: IncomingMessage, response: ServerResponse) => void) {
  const host = await openHost(t, answer ? { answer } : {})
  const outbound = openOutbound({ origins: [host.origin], ca: host.ca, log: silentLog })
  t.after(() => outbound.close())
  const get = (path = '/', options: Partial<OutboundRequest> = {}) =>
    send(outbound, { method: 'GET', url: `${host.origin}${path}`, ...options })
  return { host, outbound, get }
}

const port = ({ origin }: Host) => new URL(origin).port

test('G01 no address but the configured origins is connected to, however alike it looks', async (t) => {
  const { host, outbound, get } = await openWayOut(t)
  const evil = await openHost(t)
  const foreign = [
    evil.origin,
    `http://localhost:${port(host)}/`,
    `http://localhost:${port(evil)}/`,
    `https://127.0.0.1:${port(host)}/`,
    `https://[::1]:${port(host)}/`,
    `https://localhost.:${port(host)}/`,
    'https://localhost/',
    `https://localhost:${port(host)}.evil.example/`,
    `https://localhost.evil.example:${port(host)}/`,
    `https://localhost:${port(host)}@localhost:${port(evil)}/`,
    `https://user:password@localhost:${port(host)}/`,
    `https://user@localhost:${port(host)}/`,
    `https://localhost:${port(evil)}\\@localhost:${port(host)}/`,
    `//localhost:${port(evil)}/`,
    'file:///etc/passwd',
    'data:,x',
    'localhost',
    '',
  ]
  for (const address of foreign) {
    const headers = { authorization: 'Bearer canary' }
    const { retry } = await refusedWith('ORIGIN_REFUSED', () =>
      send(outbound, { method: 'GET', url: address, headers }),
    )
    assert.equal(retry, 'never', address)
  }
  assert.deepEqual([host.connections(), evil.connections()], [0, 0])
  assert.equal((await get()).status, 200)
})

test('G03 a redirect is an answer, not an order', async (t) => {
  const evil = await openHost(t)
  const { host, get } = await openWayOut(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1)), { location: `${evil.origin}/caught` }).end()
  })
  for (const status of [301, 302, 303, 307, 308]) {
    const answer = await get(`/${status}`, { headers: { authorization: 'Bearer canary' } })
    assert.deepEqual([answer.status, answer.headers.location], [status, `${evil.origin}/caught`])
  }
  assert.equal(host.requests.length, 5)
  assert.equal(evil.connections(), 0)
})

test('whoever shows a certificate of another authority is not spoken to, and waiting is not said to mend it', async (t) => {
  const impostor = await openHost(t)
  const { ca } = await openHost(t)
  const outbound = openOutbound({ origins: [impostor.origin], ca, log: silentLog })
  t.after(() => outbound.close())
  const { owner, message, nextStep } = await refusedWith('NETWORK', () =>
    send(outbound, { method: 'GET', url: impostor.origin }),
  )
  assert.equal(owner, 'operator')
  assert.match(message, /shows a certificate that is not to be trusted \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)\.$/)
  assert.match(nextStep, /a proxy on the way opens TLS/)
  assert.equal(impostor.requests.length, 0)
})

test('G06 a compressed answer is unpacked, in whatever pieces it comes', async (t) => {
  const text = JSON.stringify({ value: Array.from({ length: 5_000 }, (_, index) => `Åsa ${index} 人`) })
  const packed = gzipSync(text)
  const { host, get } = await openWayOut(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' })
    for (let at = 0; at < packed.length; at += 997) response.write(packed.subarray(at, at + 997))
    response.end()
  })
  assert.equal((await get()).text, text)
  assert.equal(host.requests[0]?.headers['accept-encoding'], 'gzip')
})

test('G06 what nobody asked for is left as it is', async (t) => {
  const packed = brotliCompressSync('{"value":[]}')
  const { get } = await openWayOut(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'br' }).end(packed)
  })
  assert.deepEqual(Buffer.from((await get()).bytes), packed)
})

test('G06 an answer is read up to its limit and no further, also when it is small on the way', async (t) => {
  const maxBytes = 64 * 1024
  const bodies: Record<string, () => [Record<string, string>, Buffer]> = {
    '/fits': () => [{}, Buffer.alloc(maxBytes)],
    '/one-too-many': () => [{}, Buffer.alloc(maxBytes + 1)],
    '/bomb': () => [{ 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(10 * 1024 * 1024))],
  }
  let closed = 0
  const { get } = await openWayOut(t, (request, response) => {
    const [headers, body] = bodies[request.url ?? '']?.() ?? [{}, Buffer.of()]
    response.on('close', () => {
      closed += 1
    })
    response.writeHead(200, headers).end(body)
  })
  assert.equal((await get('/fits', { maxBytes })).bytes.length, maxBytes)
  for (const path of ['/one-too-many', '/bomb']) {
    const { owner, retry } = await refusedWith('ANSWER_UNREADABLE', () => get(path, { maxBytes }))
    assert.deepEqual([owner, retry], ['microsoft', 'backoff'])
  }
  assert.equal((await get('/fits', { maxBytes })).status, 200, 'the way out still works')
  await until('every connection is over', () => closed === 4)
})

test('G06 an answer that breaks off is none, however it does', async (t) => {
  const half = gzipSync('x'.repeat(100_000)).subarray(0, 40)
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/before': (response) => response.destroy(),
    '/after-headers': (response) => response.writeHead(200).flushHeaders(),
    '/short': (response) => void response.writeHead(200, { 'content-length': 1_000 }).write('{"val'),
    '/short-gzip': (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(half),
    '/no-gzip': (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('not packed'),
  }
  const { get } = await openWayOut(t, (request, response) => {
    answers[request.url ?? '']?.(response)
    if (!response.writableEnded) setImmediate(() => response.destroy())
  })
  for (const path of Object.keys(answers)) {
    const { owner, retry, message } = await refusedWith('NETWORK', () => get(path))
    assert.deepEqual([owner, retry], ['nobody', 'backoff'], path)
    assert.ok(!message.includes(path), 'a path can hold names')
  }
})

test('G06 who never answers is not waited for for ever', async (t) => {
  const { get } = await openWayOut(t, (request, response) => {
    if (request.url === '/half') response.writeHead(200).write('{')
    // Never silent for long, and never done.
    const dripping = request.url === '/drip' && setInterval(() => response.write(' '), 5)
    response.on('close', () => dripping && clearInterval(dripping))
  })
  for (const path of ['/silence', '/half', '/drip'])
    await refusedWith('NETWORK', () => get(path, { timeoutMilliseconds: 50 }))
})

test('R06 whoever asked can stop, and hears his own reason', async (t) => {
  const stop = new AbortController()
  const { get } = await openWayOut(t, () => stop.abort(new Error('the process ends')))
  await assert.rejects(get('/', { signal: stop.signal }), /the process ends/)
  await assert.rejects(get('/', { signal: stop.signal }), /the process ends/)
})

test('R06 of what has been given up while it waited for a connection no byte leaves any more', async (t) => {
  const held: ServerResponse[] = []
  const { host, get } = await openWayOut(t, (request, response) => {
    if (request.url === '/held') held.push(response)
    else response.end('{}')
  })
  const before = Array.from({ length: 64 }, () => get('/held'))
  await until('every connection is taken', () => held.length === before.length)
  const stop = new AbortController()
  const late = get('/late', { signal: stop.signal })
  stop.abort(new Error('given up'))
  await assert.rejects(late, /given up/)
  for (const response of held) response.end('{}')
  await Promise.all(before)
  await get('/after')
  assert.deepEqual(
    host.requests.map(({ url }) => url).filter((url) => url !== '/held'),
    ['/after'],
  )
})
