import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { claimJob } from '#jobs/claim-job.ts'
import { openJobs } from '#jobs/open.ts'
import { listWorkers } from '#jobs/workers.ts'
import type { TenantId } from '#model/ids.ts'
import { asTenant } from '#store/database/open.ts'
import { countResources } from '#store/resources.ts'
import { finishRun, startRun } from '#store/sync-runs.ts'
import { openSite, type Site } from '#test/console/support/open-site.ts'
import { type Answer, openPerson, type Person, send } from '#test/console/support/person.ts'
import {
  estateForPrograms,
  idTokenOfOperator,
  makeOperator,
  NEIGHBOUR,
  tokenFor,
} from '#test/console/support/programs.ts'
import { silentLog } from '#test/support/backends.ts'
import { CONTOSO, connect, FABRIKAM } from '#test/support/installation.ts'
import { aDiagnosis, aResource, aTenant, madeUp } from '#test/support/made-up.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { upsertResources } from '#test/support/upsert-resources.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a program gets is looked at key by key
const json = ({ text }: Answer): any => JSON.parse(text)

/** A refusal in the form of RFC 9457, with who can mend it and what to do next. */
function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text)
  assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/)
  const problem = json(answer)
  assert.equal(problem.status, status)
  assert.equal(problem.code, code)
  for (const key of ['type', 'title', 'detail', 'owner', 'nextStep']) assert.ok(problem[key], key)
}

const TENANT_KEYS = [
  'connectedAt',
  'createdAt',
  'defaultDomain',
  'diagnosis',
  'displayName',
  'id',
  'servicePrincipalId',
  'state',
  'updatedAt',
]

suite('the HTTP API', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  let olivia: Person
  before(async () => {
    site = await openSite(scope, { estate: estateForPrograms })
    olivia = openPerson(site)
    await olivia.signIn()
    await connect(site, FABRIKAM)
  })
  const asProgram = (token: string, method: string, path: string, body?: unknown) =>
    send(`${site.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

  test('describes every route, to everybody', async () => {
    const answer = await send(`${site.url}/api/v1/openapi.json`)
    assert.equal(answer.status, 200)
    const document = json(answer)
    assert.equal(document.openapi, '3.1.0')
    assert.deepEqual(Object.keys(document.paths).sort(), [
      '/audit',
      '/credentials',
      '/dead-letters',
      '/dead-letters/{id}/retry',
      '/incidents',
      '/incidents/{id}/close',
      '/jobs',
      '/jobs/running',
      '/lag',
      '/queue',
      '/runs',
      '/tenants',
      '/tenants/{tenantId}',
      '/tenants/{tenantId}/allow-removal',
      '/tenants/{tenantId}/audit',
      '/tenants/{tenantId}/jobs',
      '/tenants/{tenantId}/offboard',
      '/tenants/{tenantId}/pause',
      '/tenants/{tenantId}/resume',
      '/tenants/{tenantId}/runs',
      '/tenants/{tenantId}/sync',
      '/tenants/{tenantId}/verify',
      '/workers',
    ])
  })

  test('A01 each of its routes is closed to strangers', async () => {
    const { paths } = json(await send(`${site.url}/api/v1/openapi.json`)) as { paths: Record<string, object> }
    for (const [template, methods] of Object.entries(paths))
      for (const method of Object.keys(methods)) {
        const path = template.replace(/\{\w+\}/, FABRIKAM)
        const headers = { 'content-type': 'application/json' }
        const answer = await send(`${site.url}/api/v1${path}`, { method: method.toUpperCase(), headers })
        assertProblem(answer, 401, 'NOT_SIGNED_IN')
        assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer/)
      }
  })

  test('lists tenants page by page, without doubles or gaps', async () => {
    for (let number = 0; number < 5; number++) await aTenant(site.tools.store, { displayName: `Paged ${number % 2}` })
    const ids: string[] = []
    let next: string | null = null
    do {
      const page = json(await olivia.api('GET', `/tenants?search=Paged&limit=2${next ? `&after=${next}` : ''}`))
      for (const tenant of page.tenants) {
        assert.deepEqual(Object.keys(tenant).sort(), TENANT_KEYS)
        ids.push(tenant.id)
      }
      next = page.next
    } while (next)
    assert.equal(ids.length, 5)
    assert.equal(new Set(ids).size, 5)
  })

  test('tells one tenant with its grants, runs and audit', async () => {
    const tenant = json(await olivia.api('GET', `/tenants/${FABRIKAM}`))
    assert.equal(tenant.state, 'active')
    assert.equal(tenant.invitation, `${site.config.publicUrl}/?tenant=${FABRIKAM}`)
    assert.deepEqual(
      tenant.grants.map(({ permission, status }: { permission: string; status: string }) => [permission, status]),
      [
        ['Group.Read.All', 'granted'],
        ['Organization.Read.All', 'granted'],
        ['User.Read.All', 'granted'],
      ],
    )
    const id = madeUp.runId()
    await asTenant(site.tools.store, FABRIKAM, (sql) => startRun(sql, { id }))
    await asTenant(site.tools.store, FABRIKAM, (sql) =>
      finishRun(sql, id, {
        state: 'failed',
        diagnosis: aDiagnosis({ code: 'UNAVAILABLE', owner: 'microsoft' }),
      }),
    )
    const { runs } = json(await olivia.api('GET', `/tenants/${FABRIKAM}/runs?limit=1`))
    assert.equal(runs.length, 1)
    assert.equal(runs[0].id, id)
    assert.equal(runs[0].diagnosis.owner, 'microsoft')
    assert.ok(!Number.isNaN(Date.parse(runs[0].startedAt)))
    assert.equal(json(await olivia.api('GET', '/runs')).runs[0].id, id)
    const { audit } = json(await olivia.api('GET', `/tenants/${FABRIKAM}/audit`))
    assert.ok(audit.every((entry: { tenantId: string }) => entry.tenantId === FABRIKAM))
    assert.ok(audit.some((entry: { action: string }) => entry.action === 'tenant.connected'))
    const { queue } = json(await olivia.api('GET', '/queue'))
    const depth = queue.find(({ name }: { name: string }) => name === 'sync-tenant')
    assert.equal(depth.ready, 1)
    assert.ok(Date.parse(depth.oldestDueAt))
  })

  test('tells which workers there are and what is being done, the longest first', async () => {
    const { store, jobs } = site.tools
    await using worker = await openJobs({ store, log: silentLog, work: true, migrate: false })
    await using reading = await claimJob(worker, 'sync-tenant', { tenantId: FABRIKAM })
    await using own = await claimJob(worker, 'run-job', { tenantId: FABRIKAM, job: 'report' })
    assert.ok(reading && own)
    const { workers } = json(await olivia.api('GET', '/workers'))
    assert.deepEqual(workers, JSON.parse(JSON.stringify(await listWorkers(jobs))))
    const here = workers.find(({ pid }: { pid: number }) => pid === process.pid)
    assert.equal(here.host, hostname())
    assert.ok(Date.parse(here.startedAt) <= Date.parse(here.heardAt))
    const underWay = async (query = '') =>
      json(await olivia.api('GET', `/jobs/running${query}`)).jobs.map((one: Record<string, unknown>) => {
        const { beganAt, ...rest } = one
        assert.ok(Date.parse(String(beganAt)))
        return rest
      })
    const expected = [
      { name: 'sync-tenant', tenantId: FABRIKAM, job: null, attempt: 0 },
      { name: 'run-job', tenantId: FABRIKAM, job: 'report', attempt: 0 },
    ]
    assert.deepEqual(await underWay(), expected)
    assert.deepEqual(await underWay('?limit=1'), expected.slice(0, 1))
    assertProblem(await olivia.api('GET', '/jobs/running?limit=0'), 400, 'REQUEST_INVALID')
  })

  test('pauses, resumes, syncs and verifies', async () => {
    const paused = await olivia.api('POST', `/tenants/${FABRIKAM}/pause`, { reason: 'A test' })
    assert.equal(json(paused).state, 'suspended')
    assertProblem(await olivia.api('POST', `/tenants/${FABRIKAM}/sync`), 409, 'STATE_MOVE_REFUSED')
    assert.equal(json(await olivia.api('POST', `/tenants/${FABRIKAM}/resume`, { reason: 'Over' })).state, 'active')
    assert.equal((await olivia.api('POST', `/tenants/${FABRIKAM}/sync`)).status, 202)
    const verified = json(await olivia.api('POST', `/tenants/${FABRIKAM}/verify`))
    assert.deepEqual([verified.tenant.state, verified.missing, verified.diagnosis], ['active', [], null])
    const [latest] = json(await olivia.api('GET', `/tenants/${FABRIKAM}/audit`)).audit
    assert.match(latest.actor, /^operator:/)
  })

  test('offboards only by the right name', async () => {
    const { store } = site.tools
    const id = await aTenant(store, { displayName: 'Relecloud' })
    await asTenant(store, id, (sql) => upsertResources(sql, madeUp.generationId(), [aResource('user', 'Ada')]))
    const wrong = await olivia.api('POST', `/tenants/${id}/offboard`, { reason: 'x', displayName: 'relecloud' })
    assertProblem(wrong, 400, 'REQUEST_INVALID')
    assert.equal((await asTenant(store, id, (sql) => countResources(sql))).user, 1)
    const done = await olivia.api('POST', `/tenants/${id}/offboard`, { reason: 'x', displayName: 'Relecloud' })
    assert.equal(json(done).state, 'offboarded')
    assert.equal((await asTenant(store, id, (sql) => countResources(sql))).user, 0)
    assertProblem(await olivia.api('POST', `/tenants/${id}/pause`, { reason: 'x' }), 409, 'STATE_MOVE_REFUSED')
  })

  test('what is not understood is refused, naming each mistake', async () => {
    const id = madeUp.tenantId()
    const bad: [method: string, path: string, body?: unknown][] = [
      ['GET', '/tenants?state=nope'],
      ['GET', '/tenants?limit=0'],
      ['GET', '/tenants?limit=100000'],
      ['GET', '/tenants?after=nope'],
      ['GET', '/tenants/nope'],
      ['GET', `/tenants/${FABRIKAM}/runs?limit=-1`],
      ['POST', `/tenants/${FABRIKAM}/pause`, {}],
      ['POST', `/tenants/${FABRIKAM}/pause`, { reason: ' ' }],
      ['POST', `/tenants/${FABRIKAM}/pause`, { reason: 'x'.repeat(301) }],
      ['POST', `/tenants/${FABRIKAM}/offboard`, { reason: 'x' }],
    ]
    for (const [method, path, body] of bad) {
      const answer = await olivia.api(method, path, body)
      assertProblem(answer, 400, 'REQUEST_INVALID')
      assert.ok(json(answer).mistakes[0].message, path)
    }
    assertProblem(await olivia.api('POST', `/tenants/${FABRIKAM}/pause`, '{"reason":'), 400, 'REQUEST_INVALID')
    for (const path of [`/tenants/${id}`, `/tenants/${id}/runs`, `/tenants/${id}/audit`])
      assertProblem(await olivia.api('GET', path), 404, 'TENANT_UNKNOWN')
    for (const order of ['verify', 'sync'])
      assertProblem(await olivia.api('POST', `/tenants/${id}/${order}`), 404, 'TENANT_UNKNOWN')
    assertProblem(await olivia.api('GET', '/nope'), 404, 'NOT_FOUND')
    assertProblem(await olivia.api('DELETE', `/tenants/${FABRIKAM}`), 405, 'REQUEST_REFUSED')
    assert.equal(json(await olivia.api('GET', `/tenants/${FABRIKAM}`)).state, 'active')
  })

  test('T11 with a session, only the console’s own pages change something', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { origin: site.config.publicUrl }, { origin: 'null' }])
      assertProblem(
        await olivia.api('POST', `/tenants/${FABRIKAM}/pause`, { reason: 'x' }, headers),
        403,
        'REQUEST_REFUSED',
      )
    const form = { 'content-type': 'text/plain', origin: 'https://evil.example' }
    assertProblem(await olivia.api('POST', `/tenants/${FABRIKAM}/sync`, undefined, form), 403, 'REQUEST_REFUSED')
    assert.equal(json(await olivia.api('GET', `/tenants/${FABRIKAM}`)).state, 'active')
  })

  test('a program comes in by a token of the home tenant that carries the role, and by no other', async () => {
    const without = await tokenFor(site)
    assertProblem(await asProgram(without, 'GET', '/tenants'), 403, 'NOT_AN_OPERATOR')
    await makeOperator(site, DEMO.home as string as TenantId)
    const token = await tokenFor(site)
    assert.equal((await asProgram(token, 'GET', '/tenants')).status, 200)
    assert.equal(
      json(await asProgram(token, 'POST', `/tenants/${FABRIKAM}/pause`, { reason: 'Nightly' })).state,
      'suspended',
    )
    const [latest] = json(await asProgram(token, 'GET', `/tenants/${FABRIKAM}/audit`)).audit
    assert.match(latest.actor, /^operator:[0-9a-f-]{36}$/)
    assert.equal((await asProgram(token, 'POST', `/tenants/${FABRIKAM}/resume`, { reason: 'Done' })).status, 200)

    await connect(site, CONTOSO)
    await makeOperator(site, CONTOSO)
    await makeOperator(site, DEMO.home as string as TenantId, { resource: NEIGHBOUR })
    const foreign = {
      'of a customer’s tenant that gave itself the role': await tokenFor(site, { tenant: CONTOSO }),
      'for another app of ours, which has a role of that name': await tokenFor(site, { resource: NEIGHBOUR }),
      'for Microsoft Graph': await tokenFor(site, { resource: 'https://graph.microsoft.com' }),
      'with another payload': tamper(token, (claims) => ({ ...claims, oid: madeUp.objectId() })),
      'signed by nobody': unsigned(token),
      'that is none': 'nonsense',
    }
    const ofNeighbour = claimsOf(foreign['for another app of ours, which has a role of that name'])
    assert.deepEqual([ofNeighbour.ver, ofNeighbour.tid, ofNeighbour.roles], ['2.0', DEMO.home, ['Tenantry.Operator']])
    for (const [what, one] of Object.entries(foreign)) {
      const answer = await asProgram(one, 'GET', '/tenants')
      assert.equal(answer.status, 401, what)
      assertProblem(answer, 401, 'NOT_SIGNED_IN')
      assert.ok(!answer.text.includes(one), 'the token is not sent back')
    }
    const mixed = await olivia.api('GET', '/tenants', undefined, { authorization: 'Bearer nonsense' })
    assertProblem(mixed, 401, 'NOT_SIGNED_IN')
  })

  test('an ID token is no access token, though it names the same app, tenant and role', async () => {
    const idToken = await idTokenOfOperator(site)
    const { aud, tid, roles } = claimsOf(idToken)
    assert.deepEqual([aud, tid, roles], [DEMO.appId, DEMO.home, ['Tenantry.Operator']])
    assertProblem(await asProgram(idToken, 'GET', '/tenants'), 401, 'NOT_SIGNED_IN')
  })

  test('a token of a program ends', async () => {
    const token = await tokenFor(site)
    site.emulator.clock.advance({ hours: -3 })
    const old = await tokenFor(site)
    site.emulator.clock.reset()
    assert.equal((await asProgram(token, 'GET', '/queue')).status, 200)
    assertProblem(await asProgram(old, 'GET', '/queue'), 401, 'NOT_SIGNED_IN')
  })
})

type Claims = Record<string, unknown>
const parts = (token: string) => token.split('.') as [string, string, string]
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const claimsOf = (token: string) => JSON.parse(Buffer.from(parts(token)[1], 'base64url').toString()) as Claims

function tamper(token: string, change: (claims: Claims) => Claims): string {
  const [header, , signature] = parts(token)
  return [header, encode(change(claimsOf(token))), signature].join('.')
}

const unsigned = (token: string): string => `${encode({ alg: 'none', typ: 'JWT' })}.${parts(token)[1]}.`
