import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose, Problem } from '#model/problem.ts'
import { aDiagnosis } from '#test/support/made-up.ts'

test('a Problem carries its diagnosis, and its cause for the log only', () => {
  const cause = new Error('the wire said so')
  const problem = new Problem(aDiagnosis(), { cause })
  assert.equal(problem.message, aDiagnosis().message)
  assert.equal(problem.code, 'SERVICE_PRINCIPAL_MISSING')
  assert.equal(problem.cause, cause)
  assert.deepEqual(diagnose(problem), aDiagnosis())
  assert.ok(!JSON.stringify(diagnose(problem)).includes('the wire'))
})

test('a surprise becomes the safe default, and not a word of it is passed on', () => {
  for (const surprise of [new Error('secret=hunter2'), 'hunter2', { hunter2: true }, null, undefined, 7]) {
    const diagnosis = diagnose(surprise)
    assert.equal(diagnosis.code, 'UNKNOWN')
    assert.equal(diagnosis.owner, 'operator')
    assert.equal(diagnosis.retry, 'backoff')
    assert.equal(diagnosis.confidence, 'unknown')
    assert.ok(!JSON.stringify(diagnosis).includes('hunter2'))
  }
})
