import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertMove, MOVES, mayMove, TENANT_STATES, type TenantState, WORKING_STATES } from '#model/tenant.ts'
import { refusedWith } from '#test/support/problem.ts'

const reachableFrom = (start: TenantState): Set<TenantState> => {
  const seen = new Set<TenantState>([start])
  for (const state of seen) for (const next of MOVES[state]) seen.add(next)
  return seen
}

test('the table of moves names every state, and no move leads to where it began', () => {
  assert.deepEqual(Object.keys(MOVES).toSorted(), [...TENANT_STATES].toSorted())
  for (const state of TENANT_STATES) {
    assert.ok(!MOVES[state].includes(state), state)
    assert.equal(new Set(MOVES[state]).size, MOVES[state].length, state)
  }
})

test('every state can be reached from an invitation, and from every state a tenant can be active again or leave', () => {
  assert.deepEqual(reachableFrom('invited').size, TENANT_STATES.length)
  for (const state of TENANT_STATES) {
    assert.ok(reachableFrom(state).has('active'), `${state} to active`)
    assert.ok(reachableFrom(state).has('offboarded'), `${state} to offboarded`)
  }
})

test('nothing becomes active without having been verified, degraded, suspended or revoked before', () => {
  assert.deepEqual(
    TENANT_STATES.filter((state) => MOVES[state].includes('active')),
    ['verifying', 'degraded', 'suspended', 'revoked'],
  )
  assert.deepEqual(MOVES.offboarding, ['offboarded'], 'leaving is not stopped half-way')
})

test('the daemon works in exactly the states in which a tenant has agreed', () => {
  assert.deepEqual(WORKING_STATES, ['active', 'degraded'])
})

test('staying is always allowed; what the table does not know is refused with the moves that it does', async () => {
  for (const state of TENANT_STATES) assertMove(state, state)
  assert.equal(mayMove('active', 'suspended'), true)
  const { message, nextStep } = await refusedWith('STATE_MOVE_REFUSED', () => assertMove('offboarding', 'active'))
  assert.match(message, /offboarding cannot become active/)
  assert.match(nextStep, /offboarded/)
  const ended = await refusedWith('STATE_MOVE_REFUSED', () => assertMove('offboarded', 'active'))
  assert.match(ended.nextStep, /sign up on the landing page/)
})
