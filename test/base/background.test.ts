import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBackground } from '#base/background.ts'
import { silentLog } from '#test/support/backends.ts'

test('of one key only one piece runs; when it has ended, another may', async () => {
  const background = openBackground(silentLog)
  const { promise, resolve } = Promise.withResolvers<void>()
  assert.equal(
    background.start('a', () => promise),
    'started',
  )
  assert.equal(
    background.start('a', async () => assert.fail('runs beside the first')),
    'already-running',
  )
  assert.equal(background.isRunning('a'), true)
  assert.equal(background.isRunning('b'), false)
  resolve()
  await background.close()
  assert.equal(background.isRunning('a'), false)
})

test('R06 closing asks what runs to stop, and waits until it has', async () => {
  const background = openBackground(silentLog)
  const steps: string[] = []
  background.start('a', async (signal) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    steps.push('asked')
    await Promise.resolve()
    steps.push('tidied')
  })
  await background.close()
  assert.deepEqual(steps, ['asked', 'tidied'])
})

test('what a piece still throws ends with the piece', async () => {
  const background = openBackground(silentLog)
  background.start('a', async () => {
    throw new Error('nobody caught me')
  })
  await background.close()
  assert.equal(background.isRunning('a'), false)
})
