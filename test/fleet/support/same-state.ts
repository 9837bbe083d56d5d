import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '#base/clock.ts'
import { tasks } from '#daemon/tasks.ts'
import { DEMO, type EstateInput, type RuleInput } from '#emulator/index.ts'
import { applyGrants } from '#flows/grants/apply-grants.ts'
import { enqueueAll } from '#jobs/enqueue.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { storyOf } from '#test/crash/support/story.ts'
import { provenAdministrator } from '#test/support/administrator.ts'
import { APP, APP_OF_TESTS, type Fleet, openFleet } from '#test/support/fleet.ts'
import { watchMicrosoft } from '#test/support/microsoft-gate.ts'
import { freshDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'

const USERS = 12
const GROUPS = 3
const LARGEST_PAGE = 5
const ROUNDS = 3
/** Rounds in which nothing changes any more: what replicas have kept back comes with them. */
const LAST_ROUNDS = 2
const AT_A_TIME = 16

/** What the database holds in the end, and how much was asked and refused on the way. */
export type Ending = { story: Awaited<ReturnType<typeof storyOf>>; hash: string; requests: number; faults: number }

/**
 * Many small customers sign up, are read, change, and are read again a few times, by the real flows and the real worker
 * on PostgreSQL. Two such histories that differ only in their faults have to end in the same rows.
 */
export async function liveThrough({
  tenants,
  disturb = () => {},
}: {
  tenants: number
  /** Before the first sign-up. */
  disturb?: (fleet: Fleet) => void
}): Promise<Ending> {
  const databaseUrl = await freshDatabase()
  await using fleet = await openFleet({
    tenants,
    users: USERS,
    groups: GROUPS,
    databaseUrl,
    clock: impatient,
    // Faults gather the changes of several rounds in one, which may then be so large that somebody is asked.
    app: { ...APP_OF_TESTS, largestRemovalShare: 1 },
    connect: false,
    estate: beforeAnybodySignedUp,
  })
  const { tools, emulator, tenantIds } = fleet
  let [requests, faults] = [0, 0]
  // The emulator does not remember every request of a long time.
  const count = () => {
    faults += emulator.requests.list().filter(({ reason }) => reason?.startsWith('mischief')).length
    emulator.requests.clear()
  }
  using _gate = watchMicrosoft(
    emulator,
    ({ answer }) => {
      requests += 1
      answer()
    },
    { largestPage: LARGEST_PAGE },
  )
  disturb(fleet)
  await forEach(tenantIds, async (tenantId, index) => {
    await signUp(fleet, tenantId, index)
    count()
  })
  const runner = startRunner(tools.jobs, tasks(tools), { concurrency: AT_A_TIME })
  await untilAtRest(databaseUrl, count)
  for (let round = 1; round <= ROUNDS + LAST_ROUNDS; round += 1) {
    if (round <= ROUNDS) await forEach(tenantIds, (tenantId, index) => change(fleet, tenantId, round + index))
    const everybody = tenantIds.map((tenantId) => ({ tenantId }))
    await asFleet(tools.store, (sql) => enqueueAll(tools.jobs, sql, 'sync-tenant', everybody))
    await untilAtRest(databaseUrl, count)
  }
  await runner.stop()
  const { read: _, ...story } = await storyOf(databaseUrl)
  return { story, hash: createHash('sha256').update(JSON.stringify(story)).digest('hex'), requests, faults }
}

/** Waits for nothing, and lets no time pass either: with very many who wait, tokens would be over before they are used. */
const impatient: Clock = {
  now: () => new Date(),
  async sleep(_, signal) {
    signal?.throwIfAborted()
    await turn()
  },
}

const addressOf = (index: number) => `grace@tenant${index + 1}.onmicrosoft.com`

/** The app is in nobody's tenant yet, and everybody has an administrator. */
function beforeAnybodySignedUp(usual: EstateInput): EstateInput {
  const [home, ...customers] = usual.tenants
  assert.ok(home)
  return {
    ...usual,
    tenants: [
      home,
      ...customers.map((tenant, index) => ({
        ...tenant,
        users: [
          {
            id: `${tenant.id.slice(0, -12)}f${tenant.id.slice(-11)}`,
            userPrincipalName: addressOf(index),
            displayName: 'Grace',
            password: DEMO.password,
            roles: ['Global Administrator'],
          },
        ],
      })),
    ],
    applications: (usual.applications ?? []).map((application) =>
      application.appId === APP
        ? { ...application, redirectUris: ['http://localhost:3000/sign-up/callback'] }
        : application,
    ),
    servicePrincipals: (usual.servicePrincipals ?? []).filter(({ appId }) => appId !== APP),
  }
}

const TRIES = 20

/** An administrator tries again when something went wrong. */
async function signUp({ emulator, tools }: Fleet, tenantId: TenantId, index: number): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const step = await provenAdministrator({ emulator, tools }, addressOf(index)).catch((error: unknown) => {
      if (tries === TRIES) throw error
      return null
    })
    if (step) await applyGrants(tools, step, new AbortController().signal)
    const known = await withClient(await seeingEverything(tools.config.databaseUrl ?? ''), (client) =>
      client.query('select 1 from tenantry.tenants where id = $1', [tenantId]),
    )
    if (known.rows.length > 0) return
    assert.ok(tries < TRIES, `${tenantId} could not sign up`)
  }
}

/** Somebody is renamed, somebody goes and may come back, members come and go: the same in every history. */
async function change(fleet: Fleet, tenantId: TenantId, seed: number): Promise<void> {
  const ask = (method: string, path: string, body?: unknown) => fleet.change(tenantId, method, path, body)
  const { value: users } = (await ask('GET', '/users?$top=999&$select=id,displayName')) as { value: Named[] }
  const { value: groups } = (await ask('GET', '/groups?$select=id,displayName')) as { value: Named[] }
  const people = users.filter(({ displayName }) => displayName !== 'Grace').toSorted(byId)
  const person = (offset: number) => people[(seed + offset) % people.length] as Named
  const group = groups.toSorted(byId)[seed % groups.length] as Named
  await ask('PATCH', `/users/${person(0).id}`, { displayName: `Renamed ${seed}` })
  await ask('DELETE', `/users/${person(1).id}`)
  if (seed % 2 === 0) await ask('POST', `/directory/deletedItems/${person(1).id}/restore`)
  const { value: members } = (await ask('GET', `/groups/${group.id}/members?$select=id`)) as { value: Named[] }
  const [member] = members.toSorted(byId)
  if (member) await ask('DELETE', `/groups/${group.id}/members/${member.id}/$ref`)
  const newcomer = person(2).id
  if (!members.some(({ id }) => id === newcomer))
    await ask('POST', `/groups/${group.id}/members/$ref`, {
      '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${newcomer}`,
    })
}

type Named = { id: string; displayName: string }
const byId = (left: Named, right: Named) => left.id.localeCompare(right.id)

async function forEach<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const waiting = items.entries()
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (const [index, item] of waiting) await work(item, index)
    }),
  )
}

/** Whatever waits for its next try has waited long enough: the database’s clock cannot be hurried, so the moment is. */
const untilAtRest = async (databaseUrl: string, look: () => void): Promise<void> =>
  withClient(await seeingEverything(databaseUrl), async (client) => {
    for (let last = -1; ; ) {
      const { rows } = await client.query<{ left: number; done: number }>(`
        with due as (update pgboss.job set start_after = now() where state in ('created', 'retry') and start_after > now())
        select count(*) filter (where state in ('created', 'retry', 'active'))::int as left,
          count(*) filter (where state in ('completed', 'failed'))::int as done
        from pgboss.job where name in ('sync-tenant', 'verify-tenant')`)
      look()
      if (rows[0]?.left === 0) return
      const done: number = rows[0]?.done ?? 0
      if (done !== last) {
        last = done
        continue
      }
      await until('something is done', async () => {
        look()
        const { rows: now } = await client.query<{ done: number }>(`
          with due as (update pgboss.job set start_after = now() where state in ('created', 'retry') and start_after > now())
          select count(*) filter (where state in ('completed', 'failed'))::int as done
          from pgboss.job where name in ('sync-tenant', 'verify-tenant')`)
        return (now[0]?.done ?? 0) > done
      })
    }
  })

const SHARE = 0.05
const match = { app: APP }
const KINDS: readonly Omit<RuleInput, 'at'>[] = [
  {
    match,
    answer: { status: 429, headers: { 'retry-after': '3' }, body: '{"error":{"code":"TooManyRequests","message":""}}' },
  },
  { match, answer: { status: 429, headers: {}, body: '' } },
  { match, answer: { status: 503, headers: {}, body: '' } },
  { match, answer: { status: 504, headers: {}, body: '' } },
  { match, answer: { status: 500, headers: {}, body: '' } },
  { match, reset: true },
  { match, truncate: 40 },
  { match, commitThenDrop: true },
  { match, body: 'empty' },
  { match, body: 'html' },
  { match, body: 'half' },
]

/**
 * Of a hundred answers, five are none: refused, cut before, in or after, or no JSON. Besides, pages overlap, are empty and
 * come in another order, Graph forgets where we were, and replicas are behind with all that this product asks about.
 */
export function withFaultsAndLag({ emulator }: Fleet): void {
  emulator.mischief.set(
    [
      ...(['graph', 'token'] as const).flatMap((at) =>
        KINDS.map((kind) => ({ ...kind, at, probability: SHARE / KINDS.length })),
      ),
      { word: 'graph.page=overlapping', match, probability: SHARE },
      { word: 'graph.page=reversed', match, probability: SHARE },
      { word: 'graph.page=empty', match, probability: SHARE },
      { word: 'graph.delta=resync', match, probability: SHARE / 2 },
    ],
    7,
  )
  emulator.lag.set({
    servicePrincipalReads: 2,
    servicePrincipalTokens: 2,
    assignmentWrites: 2,
    assignmentTokens: 2,
    assignmentChecks: 2,
    deltaReads: LAST_ROUNDS,
  })
}
