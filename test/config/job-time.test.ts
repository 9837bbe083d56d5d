import assert from 'node:assert/strict'
import test from 'node:test'
import { readConfig } from '#config.ts'
import { QUEUES } from '#jobs/names.ts'

const environment = {
  TENANTRY_CLIENT_ID: '6731de76-14a6-49ae-97bc-6eba6914391e',
  TENANTRY_HOME_TENANT_ID: '8f9f2b3a-06c1-4a1e-a2a3-6f0a7f1c2d10',
  TENANTRY_CLIENT_SECRET: 'not-a-real-secret',
}
const lasting = (timeoutMinutes: number) =>
  readConfig(environment, {
    name: 'Insights',
    publisher: 'Northwind',
    description: 'Reads.',
    permissions: [{ value: 'User.Read.All', reason: 'Reads people.' }],
    jobs: [{ name: 'long', schedule: { everyMinutes: 1440 }, permissions: [], timeoutMinutes, run: async () => {} }],
  })

test('a job may not take longer than the queue waits for it', () => {
  const longest = 660
  assert.ok(longest * 60 < QUEUES['run-job'].expireInSeconds)
  assert.equal(lasting(longest).config?.app.jobs?.[0]?.timeoutMinutes, longest)
  for (const minutes of [longest + 1, 0, 1.5]) {
    const { config, mistakes } = lasting(minutes)
    assert.equal(config, null)
    assert.match(mistakes[0]?.setting ?? '', /jobs › 0 › timeoutMinutes/)
  }
})
