import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { asTenant } from '#store/database/open.ts'
import { countResources, listResources } from '#store/resources.ts'
import { openSite, type Site } from '#test/console/support/open-site.ts'
import { openPerson, type Person, plain } from '#test/console/support/person.ts'
import { CONTOSO, connect } from '#test/support/installation.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

suite('a reading that stopped before it removed much, in the console', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  let olivia: Person
  before(async () => {
    site = await openSite(scope)
    olivia = openPerson(site)
    await olivia.signIn()
    await connect(site, CONTOSO)
    await read()
    await leave(40)
    await assert.rejects(read(), { code: 'REMOVAL_TOO_LARGE' })
  })
  /** So many of those that are stored leave the directory. */
  const leave = async (count: number) => {
    const people = await asTenant(site.tools.store, CONTOSO, (sql) =>
      listResources(sql, { kind: 'user', limit: count }),
    )
    for (const { id } of people) await site.emulator.directory.deleteUser({ tenant: CONTOSO, user: id })
  }
  const read = () => syncTenant(site.tools, { tenantId: CONTOSO, signal: new AbortController().signal })
  const people = async () => (await asTenant(site.tools.store, CONTOSO, countResources)).user
  const page = `/tenants/${CONTOSO}`

  test('its list tells why the latest run failed, and its page what to type in a terminal', async () => {
    assert.match(plain((await olivia.get('/tenants')).text), /Failed .{5,30} Removal too large/)
    assert.match((await olivia.get(page)).text, /with <code>tenantry tenants allow-removal<\/code>/)
  })

  test('G09 an operator allows it there, with a reason, once: the next reading removes, and one after it stops again', async () => {
    assert.match(plain((await olivia.get(page)).text), /Allow the removal…/)
    assert.match((await olivia.post(`${page}/allow-removal`, { reason: ' ' })).text, /Say why/)
    await assert.rejects(read(), { code: 'REMOVAL_TOO_LARGE' })

    const answer = await olivia.post(`${page}/allow-removal`, { reason: 'They merged with <us>.' })
    assert.match(answer.text, /The removal is allowed, once/)
    assert.equal(await people(), 60)
    await read()
    assert.equal(await people(), 20)
    const after = plain((await olivia.get(page)).text)
    assert.doesNotMatch(after, /Allow the removal…/)
    assert.match(after, /Allowed a large removal .* They merged with &lt;us&gt;\./)

    await leave(10)
    await assert.rejects(read(), { code: 'REMOVAL_TOO_LARGE' })
    assert.equal(await people(), 20)
  })

  test('a program allows it through the API, where a reason is wanted, too', async () => {
    assert.equal((await olivia.api('POST', `${page}/allow-removal`, {})).status, 400)
    const { status, text } = await olivia.api('POST', `${page}/allow-removal`, { reason: 'They asked for it.' })
    assert.deepEqual([status, JSON.parse(text).id], [200, CONTOSO])
    assert.equal((await olivia.api('POST', `${page}/allow-removal`, { reason: 'x' }, { cookie: '' })).status, 401)
  })
})
