import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oncePerKey } from '#base/once-per-key.ts'

test('R09 ten callers at once make one call, and all have its outcome', async () => {
  const inFlight = new Map<string, Promise<number>>()
  let calls = 0
  const { promise, resolve } = Promise.withResolvers<number>()
  const waiting = Array.from({ length: 10 }, () =>
    oncePerKey(inFlight, 'a', () => {
      calls += 1
      return promise
    }),
  )
  const other = oncePerKey(inFlight, 'b', async () => 8)
  resolve(7)
  assert.deepEqual(
    await Promise.all(waiting),
    Array.from({ length: 10 }, () => 7),
  )
  assert.equal(await other, 8, 'another key does not wait')
  assert.equal(calls, 1)
  assert.equal(inFlight.size, 0, 'nothing is kept')
})

test('a failure is told to all who waited for it, and not remembered', async () => {
  const inFlight = new Map<string, Promise<string>>()
  let calls = 0
  const work = async () => {
    calls += 1
    if (calls === 1) throw new Error('the first one fails')
    return 'fine'
  }
  const outcomes = await Promise.allSettled([oncePerKey(inFlight, 'a', work), oncePerKey(inFlight, 'a', work)])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(calls, 1)
  assert.equal(await oncePerKey(inFlight, 'a', work), 'fine')
  assert.equal(inFlight.size, 0)
})

test('work that fails before its first await leaves the key free too', async () => {
  const inFlight = new Map<string, Promise<string>>()
  const failing = () => {
    throw new Error('at once')
  }
  await assert.rejects(async () => oncePerKey(inFlight, 'a', failing), /at once/)
  assert.equal(inFlight.size, 0)
  assert.equal(await oncePerKey(inFlight, 'a', async () => 'fine'), 'fine')
})
