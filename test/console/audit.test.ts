import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { CLI_ACTOR } from '#cli/tenant-option.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { openSite, type Site } from '#test/console/support/open-site.ts'
import { type Answer, openPerson, type Person, plain } from '#test/console/support/person.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

type Entry = { id: string; detail: { reason?: string } }
type AuditPage = { audit: Entry[]; next: string | null }

suite('the audit', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  let olivia: Person
  before(async () => {
    site = await openSite(scope)
    olivia = openPerson(site)
    await olivia.signIn()
    await asFleet(site.tools.store, async (sql) => {
      const write = (action: string, actor: string, reason: string) =>
        addAudit(sql, { tenantId: null, actor, action, detail: { reason } })
      await write('job.retried', 'operator:test', 'THE_FIRST')
      for (let count = 0; count < 230; count++) await write('job.retried', 'operator:test', `STEP_${count}_`)
      for (let count = 0; count < 600; count++) await write('sign-up.rejected', 'somebody', `REFUSED_${count}_`)
    })
  })
  const next = ({ text }: Answer, name: string): string =>
    new RegExp(`href="([^"]+)">${name}<`).exec(text)?.[1]?.replaceAll('&amp;', '&') ?? assert.fail(`no link “${name}”`)

  test('A06 however many sign-ups are refused, what operators did stands on its first page, and goes on to the first entry', async () => {
    const first = await olivia.get('/audit')
    assert.match(first.text, /STEP_229_/)
    assert.doesNotMatch(first.text, /REFUSED_/)
    const second = await olivia.get(next(first, 'Earlier'))
    assert.match(second.text, /STEP_129_/)
    assert.doesNotMatch(second.text, /STEP_130_/)
    const last = await olivia.get(next(second, 'Earlier'))
    assert.match(last.text, /THE_FIRST/)
    assert.doesNotMatch(last.text, />Earlier</)
    assert.match((await olivia.get(next(last, 'Latest'))).text, /STEP_229_/)
  })

  test('refused sign-ups are shown to whoever asks for them, page by page', async () => {
    const shown = await olivia.get(next(await olivia.get('/audit'), 'Show refused sign-ups, too'))
    assert.match(shown.text, /REFUSED_599_/)
    assert.match((await olivia.get(next(shown, 'Earlier'))).text, /REFUSED_499_/)
    for (const query of ['before=x', 'before=-1', `before=${'9'.repeat(30)}`, 'refused=yes'])
      assert.equal((await olivia.get(`/audit?${query}`)).status, 400, query)
  })

  test('who acted at a terminal, and what an incident or a sign-up ran into, is said in words', async () => {
    await asFleet(site.tools.store, async (sql) => {
      await addAudit(sql, {
        tenantId: null,
        actor: CLI_ACTOR,
        action: 'credential.added',
        detail: { keyId: 'the key' },
      })
      const detail = { code: 'CLIENT_SECRET_EXPIRED' }
      await addAudit(sql, { tenantId: null, actor: 'daemon', action: 'incident.closed', detail })
    })
    const text = plain((await olivia.get('/audit')).text)
    assert.match(text, /Added a secret — Operator at the terminal the key/)
    assert.match(text, /Closed an incident — Daemon Client secret expired/)
  })

  test('a program reads all of it, each entry once', async () => {
    const found: Entry[] = []
    for (let asked: string | null = '/audit?limit=500'; asked !== null; ) {
      const { audit, next }: AuditPage = JSON.parse((await olivia.api('GET', asked)).text)
      found.push(...audit)
      assert.ok(found.length < 2_000, 'it comes to an end')
      asked = next && `/audit?limit=500&before=${next}`
    }
    assert.equal(new Set(found.map(({ id }) => id)).size, found.length)
    for (const code of ['THE_FIRST', 'STEP_0_', 'REFUSED_0_', 'REFUSED_599_'])
      assert.equal(found.filter(({ detail }) => detail.reason === code).length, 1, code)
    assert.equal((await olivia.api('GET', '/audit?before=x')).status, 400)
  })
})
