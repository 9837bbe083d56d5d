import assert from 'node:assert/strict'
import test from 'node:test'
import { type ConfigReading, readConfig } from '#config.ts'
import type { DeclaredPermission } from '#model/permission.ts'

const environment = {
  TENANTRY_CLIENT_ID: '6731de76-14a6-49ae-97bc-6eba6914391e',
  TENANTRY_HOME_TENANT_ID: '8f9f2b3a-06c1-4a1e-a2a3-6f0a7f1c2d10',
  TENANTRY_CLIENT_SECRET: 'not-a-real-secret',
}
const reading = (...permissions: DeclaredPermission[]): ConfigReading =>
  readConfig(environment, { name: 'Insights', publisher: 'Northwind', description: 'Reads.', permissions })

const NEWEST = 'Sundial.ReadWrite.All'
const reason = 'Reads the sundials.'

test('a name that the list does not know is refused, and told so', () => {
  const { config, mistakes } = reading({ value: NEWEST, reason })

  assert.equal(config, null)
  assert.deepEqual(
    mistakes.map(({ setting, message }) => [setting, message]),
    [[`tenantry.config.ts › permissions › ${NEWEST}`, 'is not an application permission of Microsoft Graph']],
  )
  assert.match(mistakes[0]?.nextStep ?? '', /unlisted: true/)
})

test('a name that Microsoft introduced later is accepted when it is said on purpose', () => {
  const { config, mistakes } = reading({ value: NEWEST, reason, unlisted: true })

  assert.deepEqual(mistakes, [])
  assert.deepEqual(config?.app.permissions, [{ value: NEWEST, reason, unlisted: true }])
})

test('said on purpose for a name that the list has learnt since, it does no harm', () => {
  assert.deepEqual(reading({ value: 'User.Read.All', reason, unlisted: true }).mistakes, [])
})

test('T10 no name, however it is declared, can carry anything into the script that administrators run', () => {
  for (const value of ["Sundial.Read'; rm -rf ~; '", 'Sundial.$(id).All', 'Sundial.Read\nAll', 'Sundial', ''])
    assert.deepEqual(
      reading({ value, reason, unlisted: true }).mistakes.map(({ setting }) => setting),
      ['tenantry.config.ts › permissions › 0 › value'],
      JSON.stringify(value),
    )
})

test('a permission declared twice is told once', () => {
  const twice = { value: 'User.Read.All', reason }

  assert.deepEqual(
    reading(twice, twice).mistakes.map(({ setting, message }) => [setting, message]),
    [['tenantry.config.ts › permissions › User.Read.All', 'is declared twice']],
  )
})
