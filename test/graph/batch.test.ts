import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import type { RuleInput } from '#emulator/index.ts'
import { batch } from '#graph/batch.ts'
import type { BatchItem } from '#model/batch.ts'
import { recordingClock } from '#test/graph/support/recording-clock.ts'
import { consent, openGates } from '#test/support/gates.ts'
import { FABRIKAM } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const clock = recordingClock()
const gates = await openGates({ after }, { clock })
const { emulator } = gates
await consent(gates, FABRIKAM)
const graph = gates.graphIn(FABRIKAM)
const ask = (items: readonly BatchItem[]) => batch(graph, items)
const sent = () => emulator.requests.list({ path: '/v1.0/\\$batch$' }).length
beforeEach(() => {
  emulator.mischief.clear()
  emulator.requests.clear()
  clock.pauses.length = 0
})

const SECOND = 1_000
const user = (id: string, more: Partial<BatchItem> = {}): BatchItem => ({
  id,
  path: '/users?$select=id&$top=1',
  ...more,
})
const users = (count: number) => Array.from({ length: count }, (_, index) => user(`user ${index}`))
const busy = (path: string, retryAfter?: string, times = 1): RuleInput => ({
  at: 'graph',
  match: { path },
  times,
  answer: {
    status: 429,
    headers: retryAfter ? { 'retry-after': retryAfter } : {},
    body: '{"error":{"code":"TooManyRequests","message":""}}',
  },
})
/** Graph answers the whole batch so, once, whatever was asked. */
const answering = (body: string, times = 1): RuleInput => ({
  at: 'graph',
  match: { path: '/v1.0/\\$batch' },
  times,
  answer: { status: 200, headers: { 'content-type': 'application/json' }, body },
})
type Body = { value: unknown[]; '@odata.context': string; '@odata.nextLink': string }
const bodyOf = (outcomes: Awaited<ReturnType<typeof ask>>, wanted: string): Body =>
  outcomes.find(({ id }) => id === wanted)?.body as Body
const states = (outcomes: Awaited<ReturnType<typeof ask>>) =>
  outcomes.map(({ id, status, problem }) => [id, status, problem?.code ?? null])

test('G10 twenty items with every kind of outcome, in another order: each has its own', async () => {
  emulator.mischief.add(busy('/v1.0/groups', '7'))
  const items: BatchItem[] = [
    ...users(15),
    { id: 'forbidden', path: '/applications' },
    { id: 'after forbidden', path: '/users?$top=1', dependsOn: ['forbidden'] },
    { id: 'busy', path: '/groups?$select=id&$top=1' },
    { id: 'after busy', path: '/organization', dependsOn: ['BUSY'] },
    { id: 'unknown', path: '/users/nobody@nowhere.example' },
  ]
  const outcomes = await ask(items)
  assert.deepEqual(states(outcomes), [
    ...users(15).map(({ id }) => [id, 200, null]),
    ['forbidden', 403, 'PERMISSION_MISSING'],
    ['after forbidden', 424, 'GRAPH_REFUSED'],
    ['busy', 200, null],
    ['after busy', 200, null],
    ['unknown', 404, 'NOT_FOUND'],
  ])
  assert.equal(bodyOf(outcomes, 'user 0').value.length, 1)
  assert.match(bodyOf(outcomes, 'busy')['@odata.context'], /#groups/, 'its own answer')
  assert.deepEqual([sent(), clock.pauses], [2, [7 * SECOND]])
})

test('G10 refused items are asked again together, after the longest pause that one of them wants', async () => {
  emulator.mischief.add(busy('/v1.0/users', '3'))
  emulator.mischief.add(busy('/v1.0/groups', '9'))
  emulator.mischief.add(busy('/v1.0/organization'))
  const outcomes = await ask([
    user('one'),
    { id: 'two', path: '/groups?$top=1' },
    { id: 'three', path: '/organization' },
    user('four'),
  ])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    [200, 200, 200, 200],
  )
  assert.deepEqual([sent(), clock.pauses], [2, [9 * SECOND]])
})

test('G05 G10 an item that asks to wait until a date is read by the clock of the batch’s answer', async () => {
  const theirs = new Date(clock.now().getTime() - 3_600 * SECOND)
  const until = new Date(theirs.getTime() + 42 * SECOND).toUTCString()
  const item = { id: 'user 0', status: 429, headers: { 'Retry-After': until }, body: { error: { code: 'x' } } }
  emulator.mischief.add({
    ...answering(JSON.stringify({ responses: [item] })),
    answer: {
      status: 200,
      headers: { 'content-type': 'application/json', date: theirs.toUTCString() },
      body: JSON.stringify({ responses: [item] }),
    },
  })
  assert.deepEqual(states(await ask(users(1))), [['user 0', 200, null]])
  assert.deepEqual(clock.pauses, [42 * SECOND])
})

test('G10 what stays refused is given up after six times, and the others keep their answers', async () => {
  emulator.mischief.add(busy('/v1.0/groups', '2', 100))
  const outcomes = await ask([user('one'), { id: 'two', path: '/groups' }, user('three', { dependsOn: ['two'] })])
  assert.deepEqual(states(outcomes), [
    ['one', 200, null],
    ['two', 429, 'THROTTLED'],
    ['three', 424, 'GRAPH_REFUSED'],
  ])
  assert.equal(sent(), 6)
})

test('G10 an item without an answer is asked again; answers to nothing that was asked, and second ones, do not count', async () => {
  const made = (id: string, status: number, value: unknown[]) => ({ id, status, headers: {}, body: { value } })
  emulator.mischief.add(
    answering(
      JSON.stringify({ responses: [made('TWO', 200, ['made up']), made('ghost', 200, []), made('two', 500, [])] }),
    ),
  )
  const outcomes = await ask([user('one'), user('two')])
  assert.deepEqual(states(outcomes), [
    ['one', 200, null],
    ['two', 200, null],
  ])
  assert.deepEqual(outcomes[1]?.body, { value: ['made up'] })
  assert.equal(sent(), 2)
  emulator.mischief.add(answering('{"responses":[]}', 100))
  const never = await ask([user('one')])
  assert.deepEqual(states(never), [['one', null, 'ANSWER_UNREADABLE']])
})

test('G10 more than twenty go in several batches, and what depends on each other in one', async () => {
  const items = users(45)
  const chained = items.map((item, index) =>
    index % 15 === 14 ? { ...item, dependsOn: [`user ${index - 14}`] } : item,
  )
  const outcomes = await ask(chained)
  assert.deepEqual(
    states(outcomes),
    items.map(({ id }) => [id, 200, null]),
  )
  assert.equal(sent(), 3)
})

test('G10 what is no batch is refused before anything is sent', async () => {
  await assert.rejects(ask([user('one'), user('ONE')]), /called ONE/)
  await assert.rejects(ask([user('one', { dependsOn: ['two'] }), user('two')]), /does not come before/)
  const long = users(21).map((item, index) => (index > 0 ? { ...item, dependsOn: [`user ${index - 1}`] } : item))
  await assert.rejects(ask(long), /depend on each other/)
  for (const path of ['https://graph.evil.example/v1.0/users', '//evil.example/users', 'http://localhost/v1.0/users'])
    await refusedWith('ORIGIN_REFUSED', () => ask([user('one'), { id: 'two', path }]))
  assert.equal(emulator.requests.list({ path: '/v1.0/' }).length, 0)
  assert.deepEqual(await ask([]), [])
})

test('G10 a link that Graph gave is asked for as its own path', async () => {
  const page = bodyOf(await ask([{ id: 'page', path: '/users?$select=id&$top=5' }]), 'page')
  const next = page['@odata.nextLink']
  assert.ok(next.startsWith(`${emulator.origin}/v1.0/users?`))
  assert.equal(bodyOf(await ask([{ id: 'next', path: next }]), 'next').value.length, 5)
})

test('G10 an answer that is none ends the batch as a whole', async () => {
  for (const body of ['', 'null', '{}', '{"responses":{}}', '{"responses":[{"status":200}]}', '<html></html>']) {
    emulator.mischief.add(answering(body))
    await refusedWith('ANSWER_UNREADABLE', () => ask([user('one')]))
    emulator.mischief.clear()
  }
  emulator.mischief.add({ at: 'graph', match: { path: '/v1.0/\\$batch' }, answer: { status: 403 } })
  await refusedWith('PERMISSION_MISSING', () => ask([user('one')]))
})

test('G10 whoever does not want to wait so long hears so, and how long it would be', async () => {
  emulator.mischief.add(busy('/v1.0/groups', '60'))
  const hasty = { ...graph, longestPauseMilliseconds: 2_000 }
  const { retryAfterSeconds } = await refusedWith('THROTTLED', () =>
    batch(hasty, [user('one'), { id: 'two', path: '/groups' }]),
  )
  assert.deepEqual([retryAfterSeconds, clock.pauses], [60, []])
})
