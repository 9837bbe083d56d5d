import assert from 'node:assert/strict'
import { type Diagnosis, Problem, type ProblemCode } from '#model/problem.ts'

/** Holds that `work` fails with a Problem of this code, and gives its diagnosis for a closer look. */
export async function refusedWith(code: ProblemCode, work: () => unknown): Promise<Diagnosis> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    assert.equal(error.code, code)
    assert.ok(error.diagnosis.message.length > 0 && error.diagnosis.nextStep.length > 0)
    return error.diagnosis
  }
  return assert.fail(`was expected to be refused with ${code}`)
}
