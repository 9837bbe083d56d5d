import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { openGuidIndex } from '#entra/guid-index.ts'

test('every GUID has a number of its own, however alike two are', () => {
  const one = randomUUID()
  const digits = [...one].flatMap((digit, at) => (digit === '-' ? [] : [at]))
  const neighbours = digits.map((at) => `${one.slice(0, at)}${one[at] === 'f' ? '0' : 'f'}${one.slice(at + 1)}`)
  const others = Array.from({ length: 500 }, () => randomUUID())
  const all = [one, ...neighbours, ...others]
  const index = openGuidIndex(all.length)
  const numbers = all.map((guid) => index.add(guid))
  assert.deepEqual(numbers, [...all.keys()])
  assert.deepEqual(
    all.map((guid) => index.find(guid.toUpperCase())),
    numbers,
  )
  assert.equal(index.add(one), 0)
  assert.equal(index.size(), all.length)
  assert.equal(index.add(randomUUID()), -1, 'it is full')
  assert.equal(index.find(randomUUID()), -1)
})

test('what is no GUID has no number, though it may look like one', () => {
  const zeros = '00000000-0000-0000-0000-000000000000'
  const index = openGuidIndex(4)
  index.add(zeros)
  const alike = [
    '',
    zeros.slice(1),
    `${zeros}0`,
    zeros.replaceAll('-', '0'),
    zeros.replace('-', ' '),
    zeros.replace('0', 'g'),
    zeros.replace('0', '٠'),
    `${zeros.slice(0, 35)}\0`,
  ]
  for (const text of alike) assert.deepEqual([index.find(text), index.add(text)], [-1, -1], text)
})
