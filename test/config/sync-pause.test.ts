import assert from 'node:assert/strict'
import test from 'node:test'
import { readConfig } from '#config.ts'

const environment = {
  TENANTRY_CLIENT_ID: '6731de76-14a6-49ae-97bc-6eba6914391e',
  TENANTRY_HOME_TENANT_ID: '8f9f2b3a-06c1-4a1e-a2a3-6f0a7f1c2d10',
  TENANTRY_CLIENT_SECRET: 'not-a-real-secret',
}
const reading = (syncEveryMinutes: number) =>
  readConfig(environment, {
    name: 'Insights',
    publisher: 'Northwind',
    description: 'Reads.',
    permissions: [{ value: 'User.Read.All', reason: 'Reads people.' }],
    syncEveryMinutes,
  })

test('a pause between two readings is never so long that Graph forgets the delta links', () => {
  assert.equal(reading(3 * 24 * 60).config?.syncEveryMinutes, 4_320)
  for (const pause of [3 * 24 * 60 + 1, 0, 0.5]) {
    const { config, mistakes } = reading(pause)
    assert.equal(config, null)
    assert.equal(mistakes[0]?.setting, 'tenantry.config.ts › syncEveryMinutes')
  }
})
