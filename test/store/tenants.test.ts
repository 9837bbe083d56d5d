import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TenantId } from '#model/ids.ts'
import { MOVES, TENANT_STATES, type TenantState } from '#model/tenant.ts'
import { listAudit } from '#store/audit.ts'
import { asFleet, asTenant, type Store } from '#store/database/open.ts'
import {
  connectTenant,
  countTenantsByState,
  findTenant,
  listTenants,
  moveTenant,
  takeTenantsDue,
} from '#store/tenants.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { DAY, HOUR } from '#test/support/hand-clock.ts'
import { aDiagnosis, aTenant, madeUp } from '#test/support/made-up.ts'
import { refusedWith } from '#test/support/problem.ts'

const find = (store: Store, id: TenantId) => asFleet(store, (sql) => findTenant(sql, id))
const auditOf = (store: Store, id: TenantId) => asTenant(store, id, (sql) => listAudit(sql, { limit: 100 }))
const move = (store: Store, id: TenantId, to: TenantState) =>
  asFleet(store, (sql) => moveTenant(sql, { id, to, actor: 'operator:test', reason: 'a test', diagnosis: null }))

forEachBackend(({ store: shared, freshStore, clock }) => {
  test('a tenant that connects is active from that moment, and its audit says who did it', async () => {
    const store = await shared()
    const id = madeUp.tenantId()
    const servicePrincipalId = madeUp.objectId()
    await asTenant(store, id, (sql) =>
      connectTenant(sql, {
        displayName: 'Fabrikam',
        defaultDomain: null,
        servicePrincipalId,
        actor: 'administrator:ada',
      }),
    )
    const at = clock.now()
    assert.deepEqual(await find(store, id), {
      id,
      displayName: 'Fabrikam',
      defaultDomain: null,
      servicePrincipalId,
      state: 'active',
      diagnosis: null,
      connectedAt: at,
      createdAt: at,
      updatedAt: at,
    })
    const audit = await auditOf(store, id)
    assert.deepEqual(audit, [
      {
        id: audit[0]?.id,
        tenantId: id,
        at,
        actor: 'administrator:ada',
        action: 'tenant.connected',
        from: null,
        to: 'active',
        detail: {},
      },
    ])
  })

  for (const from of TENANT_STATES) {
    test(`a tenant that is ${from} makes exactly the moves of the table`, async () => {
      const store = await shared()
      for (const to of TENANT_STATES) {
        const id = await aTenant(store, { state: from })
        const before = (await auditOf(store, id)).length
        if (from === to || MOVES[from].includes(to)) {
          await move(store, id, to)
          assert.equal((await find(store, id))?.state, to)
          const audit = await auditOf(store, id)
          assert.equal(audit.length, before + 1)
          assert.deepEqual(
            { from: audit[0]?.from, to: audit[0]?.to, actor: audit[0]?.actor, detail: audit[0]?.detail },
            { from, to, actor: 'operator:test', detail: { reason: 'a test' } },
          )
        } else {
          const { nextStep } = await refusedWith('STATE_MOVE_REFUSED', () => move(store, id, to))
          // Out of the last state no command leads, but the customer’s administrator.
          const ways = from === 'offboarded' ? ['sign up on the landing page'] : MOVES[from]
          assert.ok(ways.every((way) => nextStep.includes(way)))
          assert.equal((await find(store, id))?.state, from)
          assert.equal((await auditOf(store, id)).length, before)
        }
      }
    })
  }

  test('a move keeps the diagnosis with the tenant, and coming back clears it but not the ids', async () => {
    const store = await shared()
    const id = await aTenant(store)
    const created = (await find(store, id))?.createdAt
    clock.pass(HOUR)
    const diagnosis = aDiagnosis()
    await asFleet(store, (sql) =>
      moveTenant(sql, { id, to: 'revoked', actor: 'daemon', reason: diagnosis.message, diagnosis }),
    )
    assert.deepEqual((await find(store, id))?.diagnosis, diagnosis)

    await aTenant(store, { id, displayName: 'Fabrikam Ltd' })
    const back = await find(store, id)
    assert.equal(back?.id, id)
    assert.equal(back?.state, 'active')
    assert.equal(back?.displayName, 'Fabrikam Ltd')
    assert.equal(back?.diagnosis, null)
    assert.deepEqual(back?.createdAt, created)
    assert.deepEqual(back?.connectedAt, clock.now())
    assert.deepEqual(
      (await auditOf(store, id)).map(({ from, to }) => [from, to]),
      [
        ['revoked', 'active'],
        ['active', 'revoked'],
        [null, 'active'],
      ],
    )
  })

  test('moves that are asked for at the same moment follow one another, and the audit is a chain', async () => {
    const store = await shared()
    const id = await aTenant(store)
    const wanted = [
      'degraded',
      'suspended',
      'active',
      'revoked',
      'degraded',
      'suspended',
      'active',
      'verifying',
    ] as const
    const outcomes = await Promise.allSettled(wanted.map((to) => move(store, id, to)))
    const audit = (await auditOf(store, id)).reverse()
    assert.equal(audit.length, 1 + outcomes.filter(({ status }) => status === 'fulfilled').length)
    for (const [index, entry] of audit.entries()) assert.equal(entry.from, audit[index - 1]?.to ?? null)
    assert.equal((await find(store, id))?.state, audit.at(-1)?.to)
  })

  test('a failure in the transaction takes the move and its audit row back', async () => {
    const store = await shared()
    const id = await aTenant(store)
    await assert.rejects(
      asFleet(store, async (sql) => {
        await moveTenant(sql, { id, to: 'suspended', actor: 'operator:test', reason: 'a test', diagnosis: null })
        throw new Error('after the move')
      }),
      /after the move/,
    )
    assert.equal((await find(store, id))?.state, 'active')
    assert.equal((await auditOf(store, id)).length, 1)
  })

  test('the list is found by name, domain or id, literally, and read on from where it ended', async (t) => {
    const store = await freshStore(t)
    const names = ['contoso', 'Adatum', '100% Pure', 'Bell_Canada', 'BellXCanada', 'adatum']
    const ids = new Map<string, TenantId>()
    for (const displayName of names) ids.set(displayName, await aTenant(store, { displayName }))
    const list = async (query: Parameters<typeof listTenants>[1]) =>
      (await asFleet(store, (sql) => listTenants(sql, query))).map((tenant) => tenant.displayName)

    const all = await list({})
    assert.deepEqual(
      all.map((name) => name.toLowerCase()),
      ['100% pure', 'adatum', 'adatum', 'bell_canada', 'bellxcanada', 'contoso'],
    )
    assert.deepEqual(await list({ search: '%' }), ['100% Pure'])
    assert.deepEqual(await list({ search: 'l_c' }), ['Bell_Canada'])
    assert.deepEqual(await list({ search: '\\' }), [])
    assert.deepEqual(await list({ search: ids.get('contoso') ?? '' }), ['contoso'])
    assert.equal((await list({ search: 'FABRIKAM.ONMICROSOFT' })).length, names.length)

    const read: string[] = []
    for (let after: TenantId | undefined; ; ) {
      const page = await asFleet(store, (sql) => listTenants(sql, { limit: 2, ...(after ? { after } : {}) }))
      read.push(...page.map((tenant) => tenant.displayName))
      after = page.at(-1)?.id
      if (!after) break
    }
    assert.deepEqual(read, all)

    await move(store, ids.get('contoso') as TenantId, 'suspended')
    assert.deepEqual(await list({ state: 'suspended' }), ['contoso'])
    assert.deepEqual(await asFleet(store, countTenantsByState), { active: 5, suspended: 1 })
  })

  test('what is due is taken once, the longest unread first, and only in the states asked for', async (t) => {
    const own = await freshStore(t, { clock })
    const due = new Set<TenantId>()
    for (let index = 0; index < 12; index += 1) due.add(await aTenant(own))
    await aTenant(own, { state: 'suspended' })
    const take = (limit: number) =>
      asFleet(own, (sql) =>
        takeTenantsDue(sql, {
          states: ['active', 'degraded'],
          triedBeforeDays: 1,
          changedWithinDays: 30,
          limit,
        }),
      )
    const taken = (await Promise.all([take(3), take(3), take(3), take(3), take(3)])).flat()
    assert.equal(new Set(taken).size, taken.length, 'no tenant is taken twice')
    const rest = await take(100)
    assert.deepEqual(new Set([...taken, ...rest]), due)
    assert.equal(taken.length + rest.length, due.size)

    assert.deepEqual(await take(100), [])
    clock.pass(DAY)
    assert.deepEqual(await take(100), [], 'exactly at the limit it is not yet due')
    clock.pass(1)
    assert.equal((await take(100)).length, due.size)
  })
})
