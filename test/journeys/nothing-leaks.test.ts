import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { sql, type Transaction } from 'kysely'
import { openLog } from '#base/log.ts'
import { openConsole } from '#console/app.ts'
import { tasks } from '#daemon/tasks.ts'
import { DEMO } from '#emulator/index.ts'
import { openBrowser, signIn } from '#emulator/test/support/browser.ts'
import { makeClientCertificate } from '#emulator/test/support/estate.ts'
import { forgetTenant } from '#entra/app-token.ts'
import { addCredential } from '#flows/credentials/rotate-credential.ts'
import { verifyTenant } from '#flows/tenants/verify-tenant.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, type Store } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { startTracing } from '#telemetry/tracing.ts'
import { FABRIKAM, peopleOf } from '#test/signup/support/customers.ts'
import { openSite, type Site } from '#test/signup/support/open-site.ts'
import { openVisitor } from '#test/signup/support/visitor.ts'
import { onwardFrom } from '#test/support/onward.ts'
import { seeingAllRows } from '#test/support/seeing-all-rows.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'
import { type Collector, openCollector } from '#test/telemetry/support/collector.ts'

const { globalAdministrator } = peopleOf('fabrikam.onmicrosoft.com')
const REFRESH_TOKEN = 'canary-refresh-token-0123456789'
const SKIP_TOKEN = 'canary-skip-token-0123456789'

/** Every secret that went over the wire or into a cookie, by what it is. */
const secrets = new Map<string, Set<string>>()
const remember = (kind: string, value: string | null | undefined) => {
  if (!value || value.length < 8) return
  secrets.set(kind, (secrets.get(kind) ?? new Set()).add(value))
}

/** Listens at the one way out: what leaves and what comes back, before the product has seen it. */
function listenAt({ tools }: Site): void {
  const { outbound } = tools.entra
  const { dispatcher } = outbound
  outbound.dispatcher = {
    dispatch(options, handler) {
      const headers = (options.headers ?? {}) as Record<string, string>
      remember('access token', headers.authorization?.replace('Bearer ', ''))
      if (!String(options.path).includes('/oauth2/v2.0/token')) return dispatcher.dispatch(options, handler)
      const form = new URLSearchParams(options.body as string)
      for (const name of ['client_secret', 'client_assertion', 'code', 'code_verifier']) remember(name, form.get(name))
      const chunks: Buffer[] = []
      return dispatcher.dispatch(options, {
        onRequestStart: (...started) => handler.onRequestStart?.(...started),
        onResponseStart: (...started) => handler.onResponseStart?.(...started),
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd(controller, trailers) {
          const json = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>
          for (const name of ['access_token', 'id_token']) remember(name, json[name])
          if (form.get('grant_type') === 'authorization_code') json.refresh_token = REFRESH_TOKEN
          handler.onResponseData?.(controller, Buffer.from(JSON.stringify(json)))
          handler.onResponseEnd?.(controller, trailers)
        },
        onResponseError: (...failed) => handler.onResponseError?.(...failed),
      })
    },
  } as typeof dispatcher
}

/** Every table of every schema, every column, every row. */
const dump = (store: Store): Promise<{ tables: string[]; text: string }> => seeingAllRows(store, dumpAs)

async function dumpAs(db: Transaction<unknown>): Promise<{ tables: string[]; text: string }> {
  const { rows: tables } = await sql<{ schema: string; name: string }>`
    select schemaname as schema, tablename as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2`.execute(db)
  const lines: string[] = []
  for (const { schema, name } of tables) {
    const table = sql.table(`${schema}.${name}`)
    const { rows } = await sql<{ line: string }>`select to_jsonb(t)::text as line from ${table} t`.execute(db)
    lines.push(...rows.map(({ line }) => `${schema}.${name} ${line}`))
  }
  return { tables: tables.map(({ schema, name }) => `${schema}.${name}`), text: lines.join('\n') }
}

/** Everything that is in a folder and below it, byte by byte. */
const bytesBelow = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
    .join('\n')

suite('a whole journey at the loudest level, then a search for whatever could be used again', () => {
  const scope = suiteScope()
  const lines: string[] = []
  const pages: string[] = []
  let collector: Collector
  let stored: Awaited<ReturnType<typeof dump>>
  let files: string

  before(async () => {
    collector = await openCollector(scope)
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.endpoint
    const tracing = startTracing(process.env)
    const log = openLog('trace', { write: (line: string) => void lines.push(line) })
    const site = await openSite(scope, { log, work: true })
    const { emulator, tools, config } = site
    listenAt(site)
    remember('secret', DEMO.secret)

    // The sign-up, with a wrong turn at its beginning.
    const grace = openVisitor(site)
    const keep = (page: { text: string }) => pages.push(page.text)
    const back = await grace.comeBack(globalAdministrator)
    const params = new URL(back, site.url).searchParams
    remember('code', params.get('code'))
    remember('state', params.get('state'))
    const stranger = openVisitor(site)
    keep(await stranger.get(back))
    keep(await grace.get(back))
    keepCookies(grace.cookies)
    keep(await grace.post('/sign-up/grant'))
    await until('it is connected', async () => {
      const page = await grace.get('/sign-up/progress')
      keep(page)
      keepCookies(grace.cookies)
      return page.heading !== 'Connecting your organisation'
    })
    keep(await grace.get('/sign-up/connected'))

    // The daemon's work: well, through cut connections and a refused token, led away, and with a page that is refused.
    const tenantId = FABRIKAM as TenantId
    const runner = startRunner(tools.jobs, tasks(tools), { concurrency: 2 })
    const begin = async (deed: Parameters<typeof emulator.mischief.add>[0] | null) => {
      emulator.mischief.clear()
      if (deed) emulator.mischief.add(deed)
      forgetTenant(tools.entra, tenantId)
      await asFleet(tools.store, (sql) => enqueue(tools.jobs, sql, 'sync-tenant', { tenantId }))
    }
    const run = async (deed: Parameters<typeof begin>[0]) => {
      const asked = emulator.requests.list({ path: '/v1.0|/token' }).length
      await begin(deed)
      await until('it was worked on', async () => {
        const { rows } = await sql<{ open: number }>`
          select count(*)::int as open from pgboss.job where name = 'sync-tenant' and state in ('created', 'active')`.execute(
          tools.store.kysely,
        )
        return rows[0]?.open === 0 && emulator.requests.list({ path: '/v1.0|/token' }).length > asked
      })
    }
    await run(null)
    await run({ at: 'graph', reset: true, times: 1 })
    const json = { 'content-type': 'application/json' }
    const away = { value: [], '@odata.nextLink': `https://evil.example/v1.0/users?$skiptoken=${SKIP_TOKEN}` }
    await run({
      at: 'graph',
      match: { path: '/users/delta' },
      answer: { status: 200, headers: json, body: JSON.stringify(away) },
    })
    const refused = `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret ${DEMO.secret}","error_codes":[7000215]}`
    await begin({ at: 'token', answer: { status: 401, headers: json, body: refused } })
    await until('the process holds back', async () => {
      const open = await asFleet(tools.store, (sql) => listIncidents(sql, { open: true }))
      return open.some(({ code }) => code === 'CLIENT_SECRET_INVALID')
    })
    emulator.mischief.clear()
    await runner.stop()
    const { key, certificate: pem } = makeClientCertificate()
    await emulator.directory.addCertificate({ app: DEMO.appId, certificate: pem })
    const credential = {
      kind: 'certificate',
      thumbprintSha256: new X509Certificate(pem).fingerprint256.replaceAll(':', ''),
      privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    } as const
    remember('private key', credential.privateKey.split('\n')[1])
    await verifyTenant(
      { ...tools, entra: { ...tools.entra, credential, acquiring: new Map() } },
      { tenantId, actor: 'operator:test' },
    )
    for (const permission of ['Application.Read.All', 'Application.ReadWrite.OwnedBy', 'Application.ReadWrite.All'])
      await emulator.directory.grantPermission({ tenant: DEMO.home, app: DEMO.appId, permission })
    forgetTenant(tools.entra, DEMO.home as TenantId)
    const added = await addCredential(tools, { days: 30, actor: 'operator:test' })
    remember('new secret', added.secret)

    // The operator's console.
    const desk = openConsole(tools, { sessionKey: new Uint8Array(32).fill(9) })
    const jar = new Map<string, string>()
    const ask = async (path: string, init: RequestInit = {}) => {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const headers = { host: new URL(config.consoleUrl).host, origin: config.consoleUrl, cookie, ...init.headers }
      const request = new Request(`${config.consoleUrl}${path}`, { ...init, headers, redirect: 'manual' })
      const answer = await desk.fetch(request, { incoming: { socket: { remoteAddress: '127.0.0.1' } } } as never)
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        jar.set(name, value)
        remember('cookie', value)
      }
      pages.push(await answer.clone().text())
      return answer
    }
    const begun = await ask('/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    const browser = openBrowser(emulator)
    const page = await signIn(browser, onwardFrom({ status: begun.status, text: await begun.text() }).href, {
      username: 'olivia@northwind.onmicrosoft.com',
      password: DEMO.password,
    })
    const returned = page.status === 0 ? page : await browser.press(page, { action: 'accept' })
    remember('code', returned.url.searchParams.get('code'))
    await ask(returned.url.pathname + returned.url.search)
    for (const path of ['/', '/tenants', `/tenants/${FABRIKAM}`, '/audit', '/jobs', '/incidents', '/metrics'])
      assert.equal((await ask(path)).status, 200, path)
    const collections = ['runs', 'audit', 'incidents', 'credentials', 'jobs', 'jobs/running', 'workers', 'lag', 'queue']
    for (const path of ['tenants', `tenants/${FABRIKAM}`, ...collections, 'dead-letters'])
      assert.equal((await ask(`/api/v1/${path}`)).status, 200, path)

    stored = await dump(tools.store)
    files = bytesBelow(config.dataDir)
    await tracing[Symbol.asyncDispose]()
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT
  })

  const keepCookies = (cookies: ReadonlyMap<string, string>) => {
    for (const value of cookies.values()) remember('cookie', value)
  }

  /** A secret as it is, and as it would stand in an address or a form. */
  const found = (text: string): string[] =>
    [...secrets].flatMap(([kind, values]) =>
      [...values].some((value) => text.includes(value) || text.includes(encodeURIComponent(value))) ? [kind] : [],
    )

  test('L01 the search knows what to look for', () => {
    assert.deepEqual([...secrets.keys()].toSorted(), [
      'access token',
      'access_token',
      'client_assertion',
      'client_secret',
      'code',
      'code_verifier',
      'cookie',
      'id_token',
      'new secret',
      'private key',
      'secret',
      'state',
    ])
    secrets.set('refresh token', new Set([REFRESH_TOKEN]))
    secrets.set('query of a link', new Set([SKIP_TOKEN]))
    assert.deepEqual(found(`x ${DEMO.secret} y`), ['secret', 'client_secret'])
  })

  test('L01 no log line holds any of it, at the loudest level', () => {
    const text = lines.join('')
    for (const there of [
      FABRIKAM,
      'job failed',
      'incident',
      'ORIGIN_REFUSED',
      'CLIENT_SECRET_INVALID',
      'a sign-in was rejected',
    ])
      assert.ok(text.includes(there), there)
    assert.deepEqual(found(text), [])
    assert.doesNotMatch(text, /eyJ[\w-]{20}/)
  })

  test('L01 no page, no answer of the API and no figure holds any of it', () => {
    assert.ok(pages.length > 20)
    assert.deepEqual(found(pages.join('\n')), [])
  })

  test('L02 no table holds any of it: there is no secret at rest that would have to be sealed', () => {
    for (const table of ['tenantry.sign_ups', 'tenantry.audit', 'tenantry.incidents', 'pgboss.job'])
      assert.ok(stored.tables.includes(table) && stored.text.includes(`${table} {`), table)
    assert.ok(stored.text.includes('Fabrikam'))
    assert.deepEqual(found(stored.text), [])
    assert.doesNotMatch(stored.text, /eyJ[\w-]{20}/)
  })

  test('L02 no file of the data folder holds any of it, the database’s own and what it writes ahead among them', () => {
    assert.ok(files.includes(FABRIKAM) && files.includes('sign-up.signed-in'), 'it is written there')
    assert.deepEqual(found(files), [])
    assert.doesNotMatch(files, /eyJ[\w-]{20}/)
  })

  test('L01 no trace holds any of it, nor the query of an address', () => {
    const text = collector.received.join('\n')
    assert.ok(text.includes(FABRIKAM))
    assert.deepEqual(found(text), [])
    assert.doesNotMatch(text, /eyJ[\w-]{20}|\$skiptoken|\$select|\?/)
  })

  test('the traces tell the journey: sign-up, job, token, request and page, each inside the other', () => {
    const { spans } = collector
    const byId = new Map(spans.map((span) => [span.spanId, span]))
    const ancestors = (name: string) =>
      new Set(
        spans
          .filter((span) => span.name === name)
          .flatMap((span) => {
            const names: string[] = []
            for (let up = byId.get(span.parentSpanId ?? ''); up; up = byId.get(up.parentSpanId ?? ''))
              names.push(up.name)
            return names
          }),
      )
    for (const name of ['token', 'graph GET', 'page stored']) assert.ok(ancestors(name).has('job sync-tenant'), name)
    assert.ok(ancestors('graph POST').has('sign-up granted'))
    assert.ok(ancestors('graph GET').has('sign-up reviewed'))
    assert.ok(spans.some(({ name }) => name === 'sign-up returned'))
    assert.ok(spans.every(({ resource }) => resource['service.name'] === 'tenantry'))
    const read = spans.find(
      ({ name, attributes }) => name === 'graph GET' && attributes['url.path'] === '/v1.0/users/delta',
    )
    assert.equal(read?.attributes['tenantry.tenant'], FABRIKAM)
    const failed = spans.filter(({ name, status }) => name === 'job sync-tenant' && status === 2)
    assert.ok(failed.some(({ attributes }) => attributes['error.type'] === 'CLIENT_SECRET_INVALID'))
  })
})
