import assert from 'node:assert/strict'
import test from 'node:test'
import { readConfig } from '#config.ts'
import { JOB_NAMES } from '#jobs/names.ts'

const environment = {
  TENANTRY_CLIENT_ID: '6731de76-14a6-49ae-97bc-6eba6914391e',
  TENANTRY_HOME_TENANT_ID: '8f9f2b3a-06c1-4a1e-a2a3-6f0a7f1c2d10',
  TENANTRY_CLIENT_SECRET: 'not-a-real-secret',
}
const APP = {
  name: 'Insights',
  publisher: 'Northwind',
  description: 'Reads.',
  permissions: [{ value: 'User.Read.All', reason: 'Reads people.' }],
}
const job = (change: object) => ({
  name: 'report',
  schedule: { everyMinutes: 60 },
  permissions: ['User.Read.All'],
  run: async () => {},
  ...change,
})
/** What is told of a definition, shortened to where and what. */
const toldOf = (app: object) =>
  readConfig(environment, app).mistakes.map(({ setting, message, nextStep }) => ({
    at: setting.replace('tenantry.config.ts › ', ''),
    message,
    nextStep,
  }))

test('what a job needs and the app does not declare is told, with the name that was meant where there is none such', () => {
  const [undeclared, delegated, ...others] = toldOf({
    ...APP,
    jobs: [job({ permissions: ['Group.Read.All', 'User.Read'] })],
  })
  assert.deepEqual(undeclared, {
    at: 'jobs › report',
    message: 'needs Group.Read.All, which the app does not declare',
    nextStep: 'Add Group.Read.All to the app’s permissions, with a reason that administrators read.',
  })
  assert.deepEqual(delegated, {
    at: 'jobs › report',
    message: 'needs User.Read, which is not an application permission of Microsoft Graph',
    nextStep: 'Did you mean User.Read.All?',
  })
  assert.deepEqual(others, [])
})

test('a mistake of form hides no other one: all that is wrong with jobs and resources is told at once', () => {
  const resource = {
    kind: 'device',
    mode: 'delta',
    path: '/devices',
    select: ['displayName'],
    key: 'id',
    anyOf: ['Device.Read.All'],
  }
  const told = toldOf({
    ...APP,
    publisher: '',
    permissions: [...APP.permissions, { value: 'Group.Raed.All' }],
    jobs: [job({ name: 'nightlyReport', schedule: 'at night', permissions: ['Mail.Read'] }), job({}), job({})],
    resources: [resource, { ...resource, kind: 'a device' }],
    builtInResources: { user: { alsoSelect: ['mail'] } },
  })
  assert.deepEqual(told.map(({ at }) => at).toSorted(), [
    'builtInResources › user › alsoSelect',
    'jobs › 0 › name',
    'jobs › 0 › schedule',
    'jobs › nightlyReport',
    'jobs › report',
    'permissions › 1 › reason',
    'permissions › Group.Raed.All',
    'publisher',
    'resources › 1 › kind',
    'resources › device › anyOf',
    'resources › device › key',
    'resources › device › path',
  ])
})

test('a schedule says one thing: a property that it does not have is told', () => {
  const [told] = toldOf({ ...APP, jobs: [job({ schedule: { everyMinutes: 60, at: '03:00' } })] })
  assert.equal(told?.at, 'jobs › 0 › schedule › at')
})

test('a job is not called like what is built in, with which it would be counted and tried again', () => {
  for (const name of [...JOB_NAMES, 'print-users']) {
    const [told] = toldOf({ ...APP, jobs: [job({ name })] })
    assert.deepEqual([told?.at, told?.message], ['jobs › 0 › name', 'is the name of a job that is built in'], name)
  }
})

test('permissions that are written down as names alone are no reason to doubt the jobs that need them', () => {
  const told = toldOf({ ...APP, permissions: ['User.Read.All'], jobs: [job({})] })
  assert.deepEqual(
    told.map(({ at }) => at),
    ['permissions › 0'],
  )
})
