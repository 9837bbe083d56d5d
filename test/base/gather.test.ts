import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gather } from '#base/gather.ts'

const itself = (wish: string): string => wish
const loud = (wishes: readonly string[]): string[] => wishes.map((wish) => wish.toUpperCase())

test('what is wanted while a question is on its way goes with the next one, and everybody gets his own answer', async () => {
  const questions: (readonly string[])[] = []
  const answered = Promise.withResolvers<void>()
  const ask = gather(itself, async (wishes: readonly string[]) => {
    if (questions.push(wishes) === 1) await answered.promise
    return loud(wishes)
  })
  const first = [ask('a'), ask('b')]
  while (questions.length === 0) await new Promise((soon) => setImmediate(soon))
  const later = [ask('c'), ask('d'), ask('c')]
  answered.resolve()
  assert.deepEqual(await Promise.all([...first, ...later]), ['A', 'B', 'C', 'D', 'C'])
  assert.deepEqual(questions, [['a', 'b'], ['c', 'd'], ['c']], 'the same never twice in one question')
})

test('one that cannot be answered spoils nothing for the others, where they may be asked again', async () => {
  let questions = 0
  const answer = async (wishes: readonly string[]) => {
    questions += 1
    if (wishes.includes('bad')) throw new Error('no')
    return loud(wishes)
  }
  const forgiving = gather(itself, answer, { mayAskAgain: () => true })
  const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map(forgiving))
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.equal(questions, 4)
  questions = 0
  const strict = await Promise.allSettled(['a', 'bad', 'b'].map(gather(itself, answer)))
  assert.ok(strict.every(({ status }) => status === 'rejected'))
  assert.equal(questions, 1)
})

test('after a question for several, more are waited for, and a wish that is alone is asked at once', async () => {
  const questions: (readonly string[])[] = []
  const ask = gather(
    itself,
    async (wishes: readonly string[]) => {
      questions.push(wishes)
      return loud(wishes)
    },
    { lullMilliseconds: 20 },
  )
  await Promise.all([ask('a'), ask('b')])
  const c = ask('c')
  await new Promise((soon) => setImmediate(soon))
  const d = ask('d')
  assert.deepEqual(await Promise.all([c, d]), ['C', 'D'])
  await ask('e')
  assert.deepEqual(questions.slice(0, 2), [
    ['a', 'b'],
    ['c', 'd'],
  ])
})
