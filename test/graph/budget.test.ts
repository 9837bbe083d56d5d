import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Client } from '@microsoft/microsoft-graph-client'
import { sql } from 'kysely'
import { tasks } from '#daemon/tasks.ts'
import type { Emulator, EstateInput, RequestEntry } from '#emulator/index.ts'
import { runJob } from '#flows/runs/run-job.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { batch } from '#graph/batch.ts'
import { request } from '#graph/request.ts'
import { enqueueAll } from '#jobs/enqueue.ts'
import { startRunner } from '#jobs/runner.ts'
import type { AppDefinition } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import type { JobRun } from '#model/job.ts'
import { burstOf, DOCUMENTED_LIMITS } from '#model/throttle.ts'
import { asFleet } from '#store/database/open.ts'
import { APP_OF_TESTS, openFleet } from '#test/support/fleet.ts'
import { type LeapingClock, leapingClock } from '#test/support/leaping-clock.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'
import type { Tools } from '#tools.ts'

const SHARE = 0.95
/** One unit: the same for every request below, so that requests can be counted for units. */
const ONE_UNIT = '/users?$select=id&$top=5'

type Options = {
  tenants: number
  scale: number
  app?: AppDefinition
  embedded?: boolean
  /** How many people each tenant has, in turn. */
  people?: readonly number[]
}

/** Workers that may ask a small part of what Graph allows, as Graph does, on one clock with it that leaps over pauses. */
async function openThrottled(
  t: TestContext,
  { tenants, scale, app = APP_OF_TESTS, embedded = false, people = [5] }: Options,
  clock: LeapingClock = leapingClock(),
) {
  const fleet = await openFleet({
    tenants,
    groups: 0,
    estate: (usual) => ({ ...usual, tenants: withPeople(usual.tenants, people) }),
    databaseUrl: embedded ? null : await freshDatabase(),
    app,
    clock,
    env: { TENANTRY_THROTTLE_SHARE: `${SHARE * scale}` },
  })
  t.after(() => fleet[Symbol.asyncDispose]())
  clock.follow((milliseconds) => fleet.emulator.clock.advance({ seconds: milliseconds / 1_000 }))
  fleet.emulator.throttle.set({ limitScale: scale })
  return { ...fleet, clock, asked: () => askedOf(fleet.emulator) }
}

/** The first is the home tenant. */
const withPeople = (tenants: EstateInput['tenants'], people: readonly number[]): EstateInput['tenants'] =>
  tenants.map(({ generated, ...tenant }, index) => ({
    ...tenant,
    ...(generated ? { generated: { ...generated, users: people[(index - 1) % people.length] ?? 0 } } : {}),
  }))

const askedOf = (emulator: Emulator): RequestEntry[] => emulator.requests.list({ path: '/v1.0/users$' })

/** How full a bucket was at its fullest, told from what the emulator saw; each request cost one unit. */
function fullest(entries: readonly RequestEntry[], { amount, seconds }: { amount: number; seconds: number }): number {
  let [level, most, last] = [0, 0, 0]
  for (const { at } of entries) {
    level = Math.max(0, level - ((at.getTime() - last) / 1_000) * (amount / seconds)) + 1
    last = at.getTime()
    most = Math.max(most, level)
  }
  return most / amount
}

const times = ({ amount, seconds }: { amount: number; seconds: number }, scale: number) => ({
  amount: amount * scale,
  seconds,
})

const EACH = 6
const CURIOUS: AppDefinition = {
  ...APP_OF_TESTS,
  jobs: [
    {
      name: 'curious',
      schedule: { everyMinutes: 1_440 },
      permissions: ['User.Read.All'],
      async run({ graph }) {
        for (let turn = 0; turn < EACH; turn++)
          await (graph as JobRun<Client>['graph']).api('/users').select('id').top(5).get()
      },
    },
  ],
}

test('G12 two hundred tenants, two workers: never more than 90 % of any bucket, no refusal, and it is used', async (t) => {
  const scale = 0.002
  const { tools, tenantIds, moreTools, clock, emulator, asked } = await openThrottled(t, {
    tenants: 200,
    scale,
    app: CURIOUS,
    people: [10_000],
  })
  const others = await moreTools()
  const began = clock.now().getTime()
  await asFleet(tools.store, (sql) =>
    enqueueAll(
      tools.jobs,
      sql,
      'run-job',
      tenantIds.map((tenantId) => ({ tenantId, job: 'curious' })),
    ),
  )
  const nothingElse = { watch: async () => {}, 'plan-jobs': async () => {} }
  const runners = [tools, others].map((one) =>
    startRunner(one.jobs, { ...tasks(one), ...nothingElse }, { concurrency: 6 }),
  )
  await until('all have asked', () => asked().length >= tenantIds.length * EACH)
  await Promise.all(runners.map((runner) => runner.stop()))

  const entries = asked()
  assert.equal(entries.length, tenantIds.length * EACH, 'nothing was asked twice')
  assert.deepEqual([...new Set(entries.map(({ status }) => status))], [200])
  assert.deepEqual(
    [...new Set(tenantIds.map((id) => entries.filter(({ tenantId }) => tenantId === id).length))],
    [EACH],
  )
  const ofApp = times(DOCUMENTED_LIMITS.appUnits, scale)
  const share = fullest(entries, ofApp)
  assert.ok(share <= 0.9, `the app’s bucket was full to ${share}`)
  assert.ok(share > 0.6, `the app’s bucket was used to ${share} only`)
  // How large they are nobody has counted yet, so each is taken for small.
  const ofTenant = times(DOCUMENTED_LIMITS.tenantUnits.S, scale)
  for (const id of tenantIds) {
    const its = fullest(
      entries.filter(({ tenantId }) => tenantId === id),
      ofTenant,
    )
    assert.ok(its <= 0.9, `the bucket of ${id} was full to ${its}`)
  }
  // What comes in time, after what was there at the beginning.
  const seconds = (clock.now().getTime() - began) / 1_000
  const allowed = ofApp.amount + (ofApp.amount / ofApp.seconds) * seconds
  assert.ok(entries.length > 0.7 * allowed, `${entries.length} of ${allowed} in ${seconds} s`)
  assert.equal(emulator.requests.list({ path: '/v1.0/', status: 429 }).length, 0)
})

test('G12 each tenant is kept within what is documented for its size, and a large one may have more', async (t) => {
  const scale = 0.01
  const sizes = ['S', 'M', 'L'] as const
  const { tools, tenantIds, emulator, asked } = await openThrottled(t, {
    tenants: 3,
    scale,
    embedded: true,
    people: [49, 500, 501],
  })
  const { signal } = new AbortController()
  // The first reading counts people; from the second on the size is known.
  for (const tenantId of [...tenantIds, ...tenantIds]) await syncTenant(tools, { tenantId, signal })
  await tools.clock.sleep(60_000)
  const each = 100
  await Promise.all(
    tenantIds.flatMap((tenantId) =>
      Array.from({ length: each }, () => request(tools.graphAsApp(tenantId), { path: ONE_UNIT })),
    ),
  )
  for (const [index, tenantId] of tenantIds.entries()) {
    const its = asked().filter((entry) => entry.tenantId === tenantId)
    assert.equal(its.length, each)
    const size = sizes[index % sizes.length] ?? 'S'
    const share = fullest(its, times(DOCUMENTED_LIMITS.tenantUnits[size], scale))
    assert.ok(share <= 0.9 && share > 0.7, `the bucket of a tenant of size ${size} was full to ${share}`)
  }
  assert.equal(emulator.requests.list({ path: '/v1.0/', status: 429 }).length, 0)
})

test('G12 fair share: whoever asks for much at once is served in turn with those who ask one by one', async (t) => {
  const app = { ...APP_OF_TESTS, graphLimits: { appUnits: { amount: 20, seconds: 10 } } }
  const { tools, tenantIds, asked } = await openThrottled(t, { tenants: 3, scale: 1, app })
  const [greedy, ...modest] = tenantIds as [TenantId, TenantId, TenantId]
  const ask = (tenantId: TenantId, signal?: AbortSignal) =>
    request(tools.graphAsApp(tenantId), { path: ONE_UNIT, ...(signal ? { signal } : {}) })
  const stop = new AbortController()
  const much = Promise.allSettled(Array.from({ length: 100 }, () => ask(greedy, stop.signal)))
  await until('the budget is spent', () => asked().length >= 10)
  const before = asked().length
  await Promise.all(
    modest.map(async (tenantId) => {
      for (let turn = 0; turn < 10; turn++) await ask(tenantId)
    }),
  )
  const itsPart = asked()
    .slice(before)
    .filter(({ tenantId }) => tenantId === greedy).length
  stop.abort(new Error('enough'))
  await much
  assert.ok(itsPart <= 18, `beside ten of each other it had ${itsPart}`)
  assert.ok(itsPart >= 6, `beside ten of each other it had ${itsPart} only`)
})

test('G12 whoever has to wait for writes holds up nobody who reads, and lends its place meanwhile', async (t) => {
  const app = { ...APP_OF_TESTS, graphLimits: { appWrites: { amount: 10, seconds: 1_000 } } }
  const { tools, tenantIds, clock, asked, emulator } = await openThrottled(t, { tenants: 2, scale: 1, app })
  const [writes, reads] = tenantIds as [TenantId, TenantId]
  const stop = new AbortController()
  let [asides, over] = [0, 0]
  const aside = async <Value>(wait: () => Promise<Value>) => {
    asides += 1
    return wait()
  }
  const write = () =>
    request(tools.graphAsApp(writes, { aside }), {
      method: 'PATCH',
      path: '/users/nobody',
      body: {},
      signal: stop.signal,
    })
  const writing = Array.from({ length: 30 }, () =>
    write()
      .catch(() => {})
      .then(() => (over += 1)),
  )
  await until('what may be written is used up', () => emulator.requests.list({ path: '/users/nobody' }).length >= 7)
  const began = clock.now().getTime()
  for (let turn = 0; turn < 10; turn++) await request(tools.graphAsApp(reads), { path: ONE_UNIT })
  const seconds = (clock.now().getTime() - began) / 1_000
  stop.abort(new Error('enough'))
  await Promise.all(writing)
  assert.equal(asked().length, 10)
  assert.ok(seconds < 50, `a write comes every 105 seconds, and ten have read within ${seconds}`)
  assert.ok(asides > 0 && over === 30)
})

for (const [who, scope] of [
  ['the app everywhere', 'Application/ReadWrite/200:80'],
  ['the app in a tenant', 'Tenant_Application/ReadWrite/200:80'],
] as const)
  test(`G05 where Graph refuses, the other processes hear of it and rest, too: ${who}`, async (t) => {
    const { tools, moreTools, tenantIds, emulator, asked, clock } = await openThrottled(t, { tenants: 2, scale: 1 })
    const [refused, other] = tenantIds as [TenantId, TenantId]
    const more = await moreTools()
    const everywhere = scope.startsWith('Application/')
    emulator.mischief.once({
      at: 'graph',
      match: { path: '/users' },
      answer: { status: 429, headers: { 'retry-after': '40', 'x-ms-throttle-scope': scope } },
    })
    const impatient = { longestPauseMilliseconds: 1 }
    await assert.rejects(request(tools.graphAsApp(refused, impatient), { path: ONE_UNIT }), { code: 'THROTTLED' })
    const refusedAt = clock.now().getTime()
    const { kysely } = tools.store
    await until('the database knows', async () => {
      const { rows } = await sql`select 1 from tenantry.buckets where rests_until is not null`.execute(kysely)
      return rows.length === 1
    })

    await request(more.graphAsApp(other), { path: ONE_UNIT })
    const waited = clock.now().getTime() - refusedAt
    assert.equal(waited >= 39_000, everywhere, `the other tenant has waited ${waited} ms`)
    await request(more.graphAsApp(refused), { path: ONE_UNIT })
    assert.ok(clock.now().getTime() - refusedAt >= 39_000)
    assert.deepEqual(
      asked().map(({ status }) => status),
      [429, 200, 200],
      'nobody was refused again',
    )
  })

for (const [who, scope] of [
  ['the app everywhere', 'Application/Write/200/80'],
  ['the app in a tenant', 'Tenant_Application/Write/200/80'],
] as const)
  test(`G05 where Graph refuses a write, nobody writes, whichever process, and all go on reading: ${who}`, async (t) => {
    const { tools, moreTools, tenantIds, emulator, asked, clock } = await openThrottled(t, { tenants: 2, scale: 1 })
    const [refused, other] = tenantIds as [TenantId, TenantId]
    const more = await moreTools()
    const write = (one: Tools, tenantId: TenantId, longestPauseMilliseconds?: number) =>
      request(one.graphAsApp(tenantId, longestPauseMilliseconds ? { longestPauseMilliseconds } : {}), {
        method: 'PATCH',
        path: '/users/nobody',
        body: {},
      })
    emulator.mischief.once({
      at: 'graph',
      match: { path: '/users/nobody' },
      answer: { status: 429, headers: { 'retry-after': '40', 'x-ms-throttle-scope': scope } },
    })
    await assert.rejects(write(tools, refused, 1), { code: 'THROTTLED' })
    const refusedAt = clock.now().getTime()
    const since = () => (clock.now().getTime() - refusedAt) / 1_000
    await until('the database knows', async () => {
      const { rows } = await sql`select 1 from tenantry.buckets where rests_until is not null`.execute(
        tools.store.kysely,
      )
      return rows.length === 1
    })
    for (const one of [tools, more])
      for (const tenantId of [refused, other]) await request(one.graphAsApp(tenantId), { path: ONE_UNIT })
    assert.ok(since() < 30, `who only reads has waited ${since()} s`)
    assert.deepEqual(
      asked().map(({ status }) => status),
      [200, 200, 200, 200],
    )
    await assert.rejects(write(more, other), { code: 'PERMISSION_MISSING' })
    assert.equal(since() >= 39, scope.startsWith('Application/'), `a write in the other tenant has waited ${since()} s`)
    for (const one of [tools, more]) {
      await assert.rejects(write(one, refused), { code: 'PERMISSION_MISSING' })
      assert.ok(since() >= 39, `a write has waited ${since()} s`)
    }
  })

test('G05 what Graph asks of everybody when it refuses a person is told whole, however short a person waits', async (t) => {
  const { tools, moreTools, tenantIds, emulator, asked, clock } = await openThrottled(t, { tenants: 1, scale: 1 })
  const [tenantId] = tenantIds as [TenantId]
  const more = await moreTools()
  const answer = { status: 429, headers: { 'retry-after': '1200' } }
  emulator.mischief.once({ at: 'graph', match: { path: '/users' }, answer })
  const began = clock.now().getTime()
  const since = () => (clock.now().getTime() - began) / 1_000
  await request(tools.graphAsApp(tenantId, { priority: 'high' }), { path: ONE_UNIT })
  assert.ok(since() >= 180 && since() < 240, `the person has waited ${since()} s`)
  for (const one of [tools, more]) {
    await request(one.graphAsApp(tenantId), { path: ONE_UNIT })
    assert.ok(since() >= 1_199, `background work has waited ${since()} s`)
  }
  assert.deepEqual(
    asked().map(({ status }) => status),
    [429, 200, 200, 200],
  )
})

/** Limits out of which nothing comes back while a test counts what is used. */
const COUNTED = { amount: 1_000, seconds: 1e9 }
/** A process holds so much of them at most. */
const MOST_BORROWED = 20
const usedOf = async ({ store }: Tools, key: string): Promise<number> => {
  const { rows } = await sql<{ tokens: number }>`
    select tokens from tenantry.buckets where key like ${key}`.execute(store.kysely)
  return burstOf({ ...COUNTED, amount: COUNTED.amount * SHARE }) - (rows[0]?.tokens ?? 0)
}

test('G12 who is sent away for the whole app’s sake has used nothing of what his tenant may ask', async (t) => {
  const tenantUnits = { S: COUNTED, M: COUNTED, L: COUNTED }
  const app = { ...APP_OF_TESTS, graphLimits: { appUnits: { amount: 10, seconds: 1_000 }, tenantUnits } }
  const { tools, tenantIds, asked } = await openThrottled(t, { tenants: 1, scale: 1, app })
  const [tenantId] = tenantIds as [TenantId]
  const wanted = 30
  await Promise.all(Array.from({ length: wanted }, () => request(tools.graphAsApp(tenantId), { path: ONE_UNIT })))
  assert.equal(asked().length, wanted)
  const units = await usedOf(tools, `%/${tenantId}/units`)
  assert.ok(units >= wanted && units <= wanted + MOST_BORROWED, `${units} units for ${wanted} requests`)
})

test('G12 whoever is told to stop while he waits for his turn has used nothing, be it his in that very moment', async (t) => {
  const app = { ...APP_OF_TESTS, graphLimits: { appUnits: COUNTED } }
  const { tools, tenantIds } = await openThrottled(t, { tenants: 1, scale: 1, app })
  const [tenantId] = tenantIds as [TenantId]
  const cost = { units: 1, writes: 0, requests: 1 }
  let went = 0
  const admit = (signal?: AbortSignal) =>
    tools.budget.admit(tenantId, cost, signal ? { signal } : {}).then(
      (wait) => {
        if (wait === 0) went += 1
      },
      () => {},
    )
  for (let round = 0; round < 10; round++)
    for (let moments = 0; moments < 20; moments++) {
      // Behind one that is served, all that one asks for is at hand: what takes time is passing it on.
      await admit()
      const stop = new AbortController()
      const admitted = admit(stop.signal)
      for (let moment = 0; moment < moments; moment++) await Promise.resolve()
      stop.abort(new Error('told to stop'))
      await admitted
    }
  const units = await usedOf(tools, `${tools.config.clientId}/units`)
  assert.ok(went > 200 && went < 400, `${went} went`)
  assert.ok(units >= went && units <= went + MOST_BORROWED, `${units} units for ${went}`)
})

test('G12 two processes take turns at one bucket, and none gets what the other has', async (t) => {
  const scale = 0.002
  const { tools, tenantIds, moreTools, asked, clock } = await openThrottled(t, { tenants: 1, scale })
  const [tenantId] = tenantIds as [TenantId]
  const others = await moreTools()
  const began = clock.now().getTime()
  await Promise.all(
    [tools, others].map(async (one) => {
      for (let turn = 0; turn < 12; turn++) await request(one.graphAsApp(tenantId), { path: ONE_UNIT })
    }),
  )
  const limit = times(DOCUMENTED_LIMITS.tenantUnits.S, scale)
  assert.equal(asked().length, 24)
  assert.ok(fullest(asked(), limit) <= 0.9)
  const seconds = (clock.now().getTime() - began) / 1_000
  assert.ok(seconds > (24 - limit.amount) / (limit.amount / limit.seconds), `${seconds} s`)
})

test('G12 what Graph says of how near the limit is slows that tenant down, and no other', async (t) => {
  const { tools, tenantIds, emulator, clock, asked } = await openThrottled(t, { tenants: 2, scale: 1, embedded: true })
  const [near, far] = tenantIds as [TenantId, TenantId]
  const warn = (percentage: string) =>
    emulator.mischief.once({
      at: 'graph',
      match: { path: '/v1.0/users', tenant: near },
      answer: { status: 200, headers: { 'x-ms-throttle-limit-percentage': percentage }, body: '{"value":[]}' },
    })
  const ask = (tenantId: TenantId) => request(tools.graphAsApp(tenantId), { path: ONE_UNIT })
  const waitOf = async (tenantId: TenantId) => {
    clock.pauses.length = 0
    await ask(tenantId)
    return clock.pauses.reduce((sum, pause) => sum + pause, 0) / 1_000
  }
  for (const [percentage, wanted] of [
    ['0.85', 0.5],
    ['1.0', 2],
    ['1.4', 6],
    ['1.8', 10],
  ] as const) {
    const warned = performance.now()
    warn(percentage)
    await ask(near)
    assert.equal(await waitOf(far), 0, percentage)
    const waited = await waitOf(near)
    // The machine's own time passes, too.
    const passed = (performance.now() - warned) / 1_000
    assert.ok(waited <= wanted + 0.01 && waited >= wanted - passed, `${percentage}: ${waited} s`)
    emulator.mischief.clear()
  }
  warn('0.8')
  await ask(near)
  assert.equal(await waitOf(near), 0)
  assert.ok(asked().length > 0)
})

test('G12 what an answer has really cost is what is counted', async (t) => {
  const app = { ...APP_OF_TESTS, graphLimits: { appUnits: { amount: 1_000, seconds: 1_000 } } }
  const { tools, tenantIds, emulator, clock } = await openThrottled(t, { tenants: 1, scale: 1, app, embedded: true })
  const [tenantId] = tenantIds as [TenantId]
  const ask = () => request(tools.graphAsApp(tenantId), { path: ONE_UNIT })
  emulator.mischief.once({
    at: 'graph',
    match: { path: '/v1.0/users' },
    answer: { status: 200, headers: { 'x-ms-resource-unit': '900' }, body: '{"value":[]}' },
  })
  await ask()
  assert.deepEqual(clock.pauses, [])
  await ask()
  // 760 were there, 901 were taken: what is missing, and a loan, come at 0.95 a second.
  const waited = clock.pauses.reduce((sum, pause) => sum + pause, 0) / 1_000
  assert.ok(waited > 140 && waited < 170, `${waited} s`)
})

test('G12 a cost that makes no sense is as good as none: no answer, however odd, stops the work of all tenants', async (t) => {
  const { tools, tenantIds, emulator, clock } = await openThrottled(t, { tenants: 1, scale: 1, embedded: true })
  const [tenantId] = tenantIds as [TenantId]
  const ask = () => request(tools.graphAsApp(tenantId), { path: ONE_UNIT })
  const figures = ['Infinity', '-7', '0', '1e9', '1000000000', '9'.repeat(400), 'NaN', '1.5', '0x10', 'many', '1, 1']
  for (const units of figures)
    emulator.mischief.once({
      at: 'graph',
      match: { path: '/v1.0/users' },
      answer: {
        status: 200,
        headers: { 'x-ms-resource-unit': units, 'x-ms-throttle-limit-percentage': 'NaN' },
        body: '{"value":[]}',
      },
    })
  for (let turn = 0; turn <= figures.length; turn++) await ask()
  assert.deepEqual(clock.pauses, [])
  assert.match(
    await tools.telemetry.exposition(),
    new RegExp(`^tenantry_graph_units_total ${figures.length + 1}$`, 'm'),
  )
})

test('G12 a job of the ISV’s own may ask as much as the tenant’s size allows, also where another process has read it', async (t) => {
  const short = { name: 'short', schedule: { everyMinutes: 1_440 }, permissions: [], run: async () => {} }
  const app: AppDefinition = { ...APP_OF_TESTS, jobs: [short] }
  const { tools, moreTools, tenantIds } = await openThrottled(t, { tenants: 1, scale: 0.01, app, people: [501] })
  const [tenantId] = tenantIds as [TenantId]
  const { signal } = new AbortController()
  await syncTenant(tools, { tenantId, signal })
  const more = await moreTools()
  await more.clock.sleep(60_000)
  await runJob(more, { tenantId, job: 'short', signal })
  const cost = { units: 5, writes: 0, requests: 1 }
  const waits: number[] = []
  for (let turn = 0; turn < 10; turn++) waits.push(await more.budget.admit(tenantId, cost))
  assert.deepEqual([...new Set(waits)], [0], 'a small tenant has 26 units at once, a large one 60')
})

test('G12 a person does not wait for background work, and what is asked for him counts', async (t) => {
  const app = { ...APP_OF_TESTS, graphLimits: { appUnits: { amount: 10, seconds: 10 } } }
  const { tools, tenantIds, clock, asked } = await openThrottled(t, { tenants: 1, scale: 1, app, embedded: true })
  const [tenantId] = tenantIds as [TenantId]
  const ask = (priority: 'high' | 'low') => request(tools.graphAsApp(tenantId, { priority }), { path: ONE_UNIT })
  for (let turn = 0; turn < 20; turn++) await ask('high')
  assert.deepEqual([asked().length, clock.pauses], [20, []])
  await ask('low')
  const waited = clock.pauses.reduce((sum, pause) => sum + pause, 0) / 1_000
  assert.ok(waited > 10, `${waited} s: twenty were taken where 7.6 were there`)
})

test('G10 a batch is no cheaper than its items: each is charged, and they wait together', async (t) => {
  const { tools, tenantIds, clock, emulator } = await openThrottled(t, { tenants: 1, scale: 0.02, embedded: true })
  const [tenantId] = tenantIds as [TenantId]
  const items = Array.from({ length: 80 }, (_, index) => ({ id: `${index}`, path: ONE_UNIT }))
  const outcomes = await batch(tools.graphAsApp(tenantId), items)
  assert.deepEqual([...new Set(outcomes.map(({ status }) => status))], [200])
  assert.equal(emulator.requests.list({ path: '/v1.0/\\$batch' }).length, 4, 'nothing was refused and asked again')
  assert.match(await tools.telemetry.exposition(), /^tenantry_graph_units_total 80$/m)
  // 53 are there at once, and 6.65 come in a second.
  const waited = clock.pauses.reduce((sum, pause) => sum + pause, 0) / 1_000
  assert.ok(waited > 1, `${waited} s`)

  emulator.mischief.add({ at: 'graph', match: { path: '/users' }, times: 2, answer: { status: 429 } })
  await batch(tools.graphAsApp(tenantId), items.slice(0, 5))
  assert.match(await tools.telemetry.exposition(), /^tenantry_graph_throttled_total 2$/m)
})
