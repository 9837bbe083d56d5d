import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { asTenant } from '#store/database/open.ts'
import { finishRun, startRun } from '#store/sync-runs.ts'
import { openSite, type Site } from '#test/console/support/open-site.ts'
import { send } from '#test/console/support/person.ts'
import { connect, FABRIKAM } from '#test/support/installation.ts'
import { aDiagnosis, aTenant, madeUp } from '#test/support/made-up.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

suite('metrics', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  before(async () => {
    site = await openSite(scope)
    await connect(site, FABRIKAM)
    await aTenant(site.tools.store, { displayName: 'Secret Customer', state: 'revoked' })
    const id = await aTenant(site.tools.store, { displayName: 'Other' })
    const run = madeUp.runId()
    await asTenant(site.tools.store, id, (sql) => startRun(sql, { id: run }))
    await asTenant(site.tools.store, id, (sql) =>
      finishRun(sql, run, {
        state: 'failed',
        diagnosis: aDiagnosis({ code: 'THROTTLED', owner: 'nobody' }),
      }),
    )
  })

  test('say how many tenants, runs, failures and jobs there are, in Prometheus’ own form', async () => {
    const { status, headers, text } = await send(`${site.url}/metrics`, { headers: { host: '127.0.0.1' } })
    assert.equal(status, 200)
    assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/)
    for (const line of [
      'tenantry_tenants{state="active"} 2',
      'tenantry_tenants{state="revoked"} 1',
      'tenantry_tenants{state="offboarded"} 0',
      'tenantry_runs_last_day{state="failed"} 1',
      'tenantry_run_failures_last_day{code="THROTTLED",owner="nobody"} 1',
      'tenantry_tenants_in_trouble{code="THROTTLED",owner="nobody"} 1',
      'tenantry_queue_jobs{queue="sync-tenant",state="ready"} 1',
      '# TYPE tenantry_queue_oldest_due_seconds gauge',
    ])
      assert.ok(text.split('\n').includes(line), `${line}\n${text}`)
    const oldest = /tenantry_queue_oldest_due_seconds\{queue="sync-tenant"\} ([\d.]+)/.exec(text)
    assert.ok(Number(oldest?.[1]) > 0)
    for (const line of text.trimEnd().split('\n'))
      assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? [\d.e+-]+)$/)
  })

  test('L01 hold no secret and no name, and no id but those of the tenants that have not been read for longest', async () => {
    const all = (await send(`${site.url}/metrics`)).text
    const text = all.replace(/^tenantry_tenant_sync_lag_seconds\{tenant="[0-9a-f-]{36}"\} [\d.]+\n/gm, '')
    assert.ok(text.length < all.length)
    for (const secret of [DEMO.secret, DEMO.password, DEMO.appId, FABRIKAM, 'Secret Customer', 'onmicrosoft', 'eyJ'])
      assert.ok(!text.includes(secret), secret)
    assert.ok(!/[0-9a-f]{8}-[0-9a-f]{4}/.test(text))
  })

  test('stand in the documents, each of them, and the alerts ask for no others', async () => {
    const { telemetry } = site.tools
    telemetry.jobEnded('sync-tenant', 'done', 1)
    telemetry.incidentOpened('ORIGIN_REFUSED')
    telemetry.credentialEnds(new Date())
    const { text } = await send(`${site.url}/metrics`)
    const told = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name))
    const namesIn = (file: string) =>
      new Set(
        [
          ...readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8').matchAll(
            /\b(tenantry|process)_[a-z_]+\b/g,
          ),
        ]
          .map(([name]) => name)
          .filter((name) => !['tenantry_tenant', 'tenantry_fleet', 'tenantry_author'].includes(name)),
      )
    assert.deepEqual(namesIn('operations.md'), told)
    const asked = namesIn('prometheus-rules.yml')
    assert.ok(asked.size >= 10)
    for (const name of asked) assert.ok(told.has(name), name)
  })

  test('are for this machine only', async () => {
    const strangers: Record<string, string>[] = [
      { host: 'console.example' },
      { host: 'localhost.evil.example' },
      { 'x-forwarded-for': '203.0.113.7' },
      { forwarded: 'for=203.0.113.7' },
      { via: '1.1 proxy' },
    ]
    for (const headers of strangers) {
      const { status, text } = await send(`${site.url}/metrics`, { headers })
      assert.equal(status, 403, JSON.stringify(headers))
      assert.ok(!text.includes('tenantry_'))
    }
  })
})
