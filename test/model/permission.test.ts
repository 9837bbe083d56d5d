import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AppRoleId } from '#model/ids.ts'
import { missingRoles, planGrants } from '#model/permission.ts'

const VALUES = ['User.Read.All', 'Group.Read.All', 'Mail.Read', 'Mail.ReadWrite', 'Sites.Selected'] as const
const value = fc.constantFrom(...VALUES)
const roleId = (of: string) => `id-of-${of}` as AppRoleId

const situation = fc.record({
  declared: fc.uniqueArray(value).map((values) => values.map((one) => ({ value: one, reason: `because of ${one}` }))),
  offered: fc
    .uniqueArray(value)
    .map((values) => values.map((one) => ({ id: roleId(one), value: one, displayName: `May ${one}` }))),
  assigned: fc
    .array(fc.oneof(value, fc.constant('Something.Else')))
    .map((values) => values.map((one) => ({ appRoleId: roleId(one) }))),
})

test('the plan tells of every declared permission once, in order, with its reason, and of nothing else', () => {
  fc.assert(
    fc.property(situation, ({ declared, offered, assigned }) => {
      const { grants } = planGrants(declared, offered, assigned)
      assert.deepEqual(
        grants.map((grant) => ({ value: grant.value, reason: grant.reason })),
        declared,
      )
    }),
  )
})

test('a permission is granted, to be granted or unavailable exactly as the tenant’s own Microsoft Graph says', () => {
  fc.assert(
    fc.property(situation, ({ declared, offered, assigned }) => {
      for (const grant of planGrants(declared, offered, assigned).grants) {
        const role = offered.find((one) => one.value === grant.value)
        const held = assigned.some((one) => one.appRoleId === role?.id)
        assert.equal(grant.status, role ? (held ? 'granted' : 'to-grant') : 'unavailable')
        assert.equal(grant.appRoleId, role?.id ?? null)
        assert.equal(grant.displayName, role?.displayName ?? grant.value)
      }
    }),
  )
})

test('T10 whatever the plan grants is a declared permission, never another role that the tenant offers', () => {
  fc.assert(
    fc.property(situation, ({ declared, offered, assigned }) => {
      const allowed = new Set(declared.map((one) => roleId(one.value)))
      for (const grant of planGrants(declared, offered, assigned).grants)
        if (grant.appRoleId !== null) assert.ok(allowed.has(grant.appRoleId))
    }),
  )
})

test('doing what the plan says completes it, and doing it again changes nothing', () => {
  fc.assert(
    fc.property(situation, ({ declared, offered, assigned }) => {
      const plan = planGrants(declared, offered, assigned)
      const added = plan.grants.flatMap(({ status, appRoleId }) =>
        status === 'to-grant' && appRoleId ? [{ appRoleId }] : [],
      )
      const after = planGrants(declared, offered, [...assigned, ...added])
      assert.equal(
        after.complete,
        plan.grants.every((grant) => grant.status !== 'unavailable'),
      )
      assert.ok(after.grants.every((grant) => grant.status !== 'to-grant'))
    }),
  )
})

test('what a token lacks is what was declared and is not among its roles', () => {
  fc.assert(
    fc.property(situation, fc.array(value), ({ declared }, roles) => {
      const missing = missingRoles(declared, roles)
      for (const { value: one } of declared) assert.equal(missing.includes(one), !roles.includes(one))
      assert.ok(missing.every((one) => declared.some((permission) => permission.value === one)))
    }),
  )
})
