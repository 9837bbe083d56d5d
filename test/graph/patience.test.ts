import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, test } from 'node:test'
import type { RuleInput } from '#emulator/index.ts'
import { request } from '#graph/request.ts'
import { userPages } from '#graph/users.ts'
import type { ProblemCode } from '#model/problem.ts'
import { recordingClock } from '#test/graph/support/recording-clock.ts'
import { consent, openGates } from '#test/support/gates.ts'
import { CONTOSO, FABRIKAM } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const clock = recordingClock()
const gates = await openGates({ after }, { clock })
const { emulator } = gates
await consent(gates, CONTOSO)
await consent(gates, FABRIKAM)
const graph = gates.graphIn(FABRIKAM)
const asked = () => emulator.requests.list({ path: '/v1.0/users' }).length
const ask = () => request(graph, { path: '/users?$top=100' })
beforeEach(() => {
  emulator.requests.clear()
  clock.pauses.length = 0
})
afterEach(() => emulator.mischief.clear())

const SECOND = 1_000
const HOUR = 3_600 * SECOND
const until = (seconds: number, now: Date) => new Date(now.getTime() + seconds * SECOND).toUTCString()
/** @param date what the clock of whoever answers shows */
const busy = (retryAfter?: string, date?: string): RuleInput => ({
  at: 'graph',
  match: { path: '/v1.0/users' },
  answer: {
    status: 429,
    headers: { ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }), ...(date ? { date } : {}) },
  },
})

test('G05 what Graph states is waited for, in seconds or until a date', async () => {
  emulator.mischief.once(busy('17'))
  await ask()
  assert.deepEqual(clock.pauses, [17 * SECOND])

  clock.pauses.length = 0
  const date = until(42, clock.now())
  emulator.mischief.once(busy(date, 'soon'))
  await ask()
  const [pause = 0] = clock.pauses
  assert.ok(clock.now() >= new Date(date), 'until then')
  assert.ok(pause <= 42 * SECOND, `and not for longer: ${pause} ms`)
})

test('G05 a date is read by the clock of whoever wrote it, however wrong ours is', async () => {
  for (const wrong of [-2 * HOUR, 2 * HOUR]) {
    clock.pauses.length = 0
    const theirs = new Date(clock.now().getTime() + wrong)
    emulator.mischief.once(busy(until(42, theirs), theirs.toUTCString()))
    await ask()
    assert.deepEqual(clock.pauses, [42 * SECOND])
  }
})

test('G05 a statement that makes no sense is as good as none, and none keeps us for hours', async () => {
  const yesterday = new Date(Date.now() - 86_400_000).toUTCString()
  for (const nonsense of [undefined, '0', '-5', 'soon', '1e9', 'NaN', '', yesterday, '5, 7']) {
    clock.pauses.length = 0
    emulator.mischief.once(busy(nonsense))
    await ask()
    const [pause = 0] = clock.pauses
    assert.ok(pause >= SECOND / 2 && pause <= SECOND, `${nonsense}: ${pause} ms`)
    emulator.mischief.clear()
  }
  clock.pauses.length = 0
  emulator.mischief.once(busy('1000000000'))
  await ask()
  assert.deepEqual(clock.pauses, [180 * SECOND])
})

test('G05 without a statement the pauses grow and are never quite the same', async () => {
  emulator.mischief.add({ ...busy(), times: 5 })
  await ask()
  assert.equal(asked(), 6)
  for (const [index, pause] of clock.pauses.entries()) {
    const longest = SECOND * 2 ** index
    assert.ok(pause >= longest / 2 && pause <= longest, `${pause} of ${longest}`)
  }
  assert.ok(
    clock.pauses.some((pause) => pause % 250 !== 0),
    'jitter',
  )
})

test('G05 a page that has to wait is asked for again, and no page before it', async () => {
  const whole = 1_200
  emulator.mischief.add({ ...busy('3'), match: { path: '/v1.0/users' }, nth: 2, times: 2 })
  const ids = new Set<string>()
  for await (const { items } of userPages(graph)) for (const { id } of items) ids.add(id)
  assert.equal(ids.size, whole)
  assert.equal(asked(), 2 + 2)
  assert.deepEqual(clock.pauses, [3 * SECOND, 3 * SECOND])
})

test('G05 a tenant that waits holds up no other', async () => {
  emulator.mischief.add({ ...busy('60'), match: { path: '/v1.0/users', tenant: FABRIKAM } })
  const slow = refusedWith('THROTTLED', ask)
  assert.ok(await request(gates.graphIn(CONTOSO), { path: '/users?$top=5' }))
  const { owner, retryAfterSeconds } = await slow
  assert.deepEqual([owner, retryAfterSeconds], ['nobody', 60])
})

/** What may happen to one answer, and what is left when it happens to every one. */
const FAULTS: Record<string, { deed: Partial<RuleInput>; code: ProblemCode }> = {
  500: { deed: { answer: { status: 500 } }, code: 'UNAVAILABLE' },
  502: { deed: { answer: { status: 502, body: '<html>Bad Gateway</html>' } }, code: 'UNAVAILABLE' },
  503: { deed: { answer: { status: 503 } }, code: 'UNAVAILABLE' },
  504: { deed: { answer: { status: 504 } }, code: 'UNAVAILABLE' },
  'a reset connection': { deed: { reset: true }, code: 'NETWORK' },
  'an answer cut in the middle': { deed: { truncate: 400 }, code: 'NETWORK' },
  'an answer cut before its first byte': { deed: { truncate: 0 }, code: 'NETWORK' },
}
for (const [name, { deed, code }] of Object.entries(FAULTS)) {
  const rule = { at: 'graph', match: { path: '/v1.0/users' }, ...deed } as const
  test(`G06 ${name}: tried again, and given up after six times`, async () => {
    emulator.mischief.add({ ...rule, times: 5 })
    assert.ok(await ask())
    assert.equal(asked(), 6)

    emulator.mischief.clear()
    emulator.requests.clear()
    emulator.mischief.add(rule)
    const { retry, owner } = await refusedWith(code, ask)
    assert.equal(retry, 'backoff')
    assert.notEqual(owner, 'customer-administrator')
    assert.equal(asked(), 6)
  })
}

test('G06 a success that cannot be read is no success, and no part of it is used', async () => {
  const noJson = ['', '<html>Sign in to the hotel’s network</html>', '{"value":']
  for (const body of [...noJson, 'null', '{}', '{"value":{}}', '[]']) {
    emulator.mischief.add({ at: 'graph', match: { path: '/v1.0/users' }, answer: { status: 200, body } })
    if (noJson.includes(body)) await refusedWith('ANSWER_UNREADABLE', ask)
    let pages = 0
    const { owner } = await refusedWith('ANSWER_UNREADABLE', async () => {
      for await (const _page of userPages(graph)) pages += 1
    })
    assert.deepEqual([owner, pages], ['microsoft', 0], body)
    emulator.mischief.clear()
  }
})

test('G06 a refusal that waiting cannot mend is not asked again', async () => {
  const cases: [number, ProblemCode][] = [
    [400, 'GRAPH_REFUSED'],
    [403, 'PERMISSION_MISSING'],
    [404, 'NOT_FOUND'],
    [409, 'GRAPH_REFUSED'],
    [410, 'SYNC_STATE_LOST'],
    [405, 'GRAPH_REFUSED'],
    [507, 'UNAVAILABLE'],
    [509, 'THROTTLED'],
  ]
  for (const [status, code] of cases) {
    emulator.requests.clear()
    const body = '{"error":{"code":"","message":""}}'
    emulator.mischief.add({ at: 'graph', match: { path: '/v1.0/users' }, answer: { status, body } })
    await refusedWith(code, ask)
    assert.equal(asked(), 1, `${status}`)
    emulator.mischief.clear()
  }
})

test('G06 a refusal that is not in Graph’s language is not Graph’s, and says nothing about the tenant', async () => {
  const foreign: [number, string][] = [
    ...[400, 401, 403, 404, 407, 409, 410].map((status): [number, string] => [
      status,
      '<html>Blocked by policy</html>',
    ]),
    [400, ''],
    [409, ''],
    [403, '{"error":{"code":"Authorization_Req'],
  ]
  for (const [status, body] of foreign) {
    emulator.mischief.add({ at: 'graph', match: { path: '/v1.0/users' }, answer: { status, body } })
    const { owner, retry } = await refusedWith('ANSWER_UNREADABLE', ask)
    assert.deepEqual([owner, retry], ['microsoft', 'backoff'], `${status} ${body}`)
    emulator.mischief.clear()
  }
})

test('R06 whoever waits for Graph can be told to stop', async () => {
  const stop = new AbortController()
  stop.abort(new Error('the process ends'))
  emulator.mischief.add(busy('60'))
  await assert.rejects(request(graph, { path: '/users', signal: stop.signal }), /the process ends/)
})
