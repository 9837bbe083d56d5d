import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Hono } from 'hono'
import { openSignUpCookies } from '#signup/cookies.ts'
import { asTenant } from '#store/database/open.ts'
import { connectTenant } from '#store/tenants.ts'
import { FABRIKAM, peopleOf } from '#test/signup/support/customers.ts'
import { openSite, SESSION_KEY, type Site } from '#test/signup/support/open-site.ts'
import { openVisitor, type Visitor } from '#test/signup/support/visitor.ts'
import { type HeldAnswer, holdOpen } from '#test/support/hold-open.ts'
import { madeUp } from '#test/support/made-up.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

const { globalAdministrator, privilegedRoleAdministrator } = peopleOf('fabrikam.onmicrosoft.com')
const EACH = 4
const ALL = 128

suite('pages that are kept up to date', { concurrency: false }, () => {
  const scope = suiteScope()

  test('A06 whoever watches in very many tabs is answered in four; the page itself and everybody else go on', async () => {
    const site = await openSite(scope)
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    const tabs = await many(EACH, () => watch(site, grace))
    assert.deepEqual(statusesOf(tabs), Array(EACH).fill(200))

    const again = openVisitor(site)
    await again.arrive(globalAdministrator)
    for (const visitor of [grace, again]) {
      const refused = await watch(site, visitor)
      assert.equal(refused.status, 429, 'one person, however many sign-ups')
      assert.match(refused.retryAfter ?? '', /^[1-9]\d*$/)
      assert.equal((await visitor.get('/sign-up/welcome')).status, 200)
    }
    const priya = openVisitor(site)
    await priya.arrive(privilegedRoleAdministrator)
    const other = await watch(site, priya)
    assert.equal(other.status, 200)

    tabs[0]?.hangUp()
    const next = await until('the place of a closed tab is free', () => answered(watch(site, grace)))
    assert.equal((await watch(site, grace)).status, 429, 'one place, and no more')
    for (const tab of [...tabs, other, next]) tab.hangUp()
  })

  test('A06 a process keeps so many pages up to date and no more, whoever watches', async () => {
    const site = await openSite(scope)
    await asTenant(site.tools.store, FABRIKAM, (sql) =>
      connectTenant(sql, {
        displayName: 'Fabrikam',
        defaultDomain: null,
        servicePrincipalId: madeUp.objectId(),
        actor: 'administrator:test',
      }),
    )
    const crowd = await many(ALL / EACH, () => somebodyConnected(site))
    const tabs = (await Promise.all(crowd.map((cookie) => many(EACH, () => arriving(site, cookie))))).flat()
    assert.deepEqual(statusesOf(tabs), Array(ALL).fill(200))
    const late = await somebodyConnected(site)
    const refused = await arriving(site, late)
    assert.equal(refused.status, 503)
    assert.match(refused.retryAfter ?? '', /^[1-9]\d*$/)
    assert.equal((await openVisitor(site).get('/')).status, 200)
    for (const tab of tabs) tab.hangUp()
    const there = await until('there is room again', () => answered(arriving(site, late)))
    there.hangUp()
  })
})

const many = <Value>(count: number, make: () => Promise<Value>): Promise<Value[]> =>
  Promise.all(Array.from({ length: count }, make))
const statusesOf = (answers: readonly HeldAnswer[]): number[] => answers.map(({ status }) => status)
const answered = async (asked: Promise<HeldAnswer>): Promise<HeldAnswer | null> => {
  const answer = await asked
  return answer.status === 200 ? answer : null
}

const watch = ({ url }: Site, { cookies }: Visitor): Promise<HeldAnswer> =>
  holdOpen(`${url}/sign-up/events`, { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') })
const arriving = ({ url }: Site, cookie: string): Promise<HeldAnswer> => holdOpen(`${url}/sign-up/arrivals`, { cookie })

/** The cookie of a person who watches; so many sign-ins would take long. */
async function somebodyConnected({ tools }: Site): Promise<string> {
  const { watcher } = openSignUpCookies(tools.config, SESSION_KEY, tools.clock)
  const account = { tenantId: FABRIKAM, objectId: madeUp.objectId(), name: 'Somebody', username: 'some@body' }
  const seal = new Hono().get('/', async (c) => {
    await watcher.write(c, { signUpId: madeUp.signUpId(), account })
    return c.body(null)
  })
  const { headers } = await seal.request('/')
  return headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}
