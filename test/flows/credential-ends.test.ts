import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sql as raw } from 'kysely'
import { openLog } from '#base/log.ts'
import { runCli } from '#cli/run-cli.ts'
import { DEMO } from '#emulator/index.ts'
import { appToken, forgetTenant } from '#entra/app-token.ts'
import { checkCredential } from '#flows/credentials/check-credential.ts'
import { credentialInUse, listCredentials } from '#flows/credentials/list-credentials.ts'
import { addCredential } from '#flows/credentials/rotate-credential.ts'
import { overseeFleet } from '#flows/fleet/oversee-fleet.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { listAudit } from '#store/audit.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { listIncidents, listUntold, markTold } from '#store/incidents.ts'
import { latestRun } from '#store/sync-runs.ts'
import { runHere } from '#test/support/at-the-terminal.ts'
import { silentLog } from '#test/support/backends.ts'
import { openFleet } from '#test/support/fleet.ts'
import { DAY, HOUR, handClock } from '#test/support/hand-clock.ts'
import { openInstallation } from '#test/support/installation.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { refusedWith } from '#test/support/problem.ts'
import { openTools, type Tools } from '#tools.ts'

const start = new Date('2026-12-01T00:00:00Z')
const clock = handClock(start)
const lines: string[] = []
const installation = await openInstallation(
  { after },
  { clock, settings: { TENANTRY_CLIENT_SECRET_EXPIRES_ON: '2027-01-30' } },
)
const { emulator } = installation
const tools: Tools = {
  ...installation.tools,
  log: openLog('info', { write: (line: string) => void lines.push(line) }),
}
const open = () => asFleet(tools.store, (sql) => listIncidents(sql, { open: true }))
const told = () =>
  asFleet(tools.store, async (sql) => {
    const untold = await listUntold(sql)
    for (const incident of untold) await markTold(sql, incident)
    return untold.length
  })

test('R08 the end of a credential is told 30, 14 and 3 days before, once each: to people, in the log, in the figures', async () => {
  const warned: number[] = []
  for (let day = 0; day <= 61; day++) {
    for (const _ of ['morning', 'evening']) {
      await checkCredential(tools)
      if ((await told()) > 0) warned.push(day)
      clock.pass(12 * HOUR)
    }
  }
  // The day of the end is day 60.
  assert.deepEqual(warned, [30, 46, 57])
  const warnings = lines.filter((line) => line.includes('the app’s credential ends soon'))
  assert.equal(warnings.length, 3)
  assert.match(warnings[0] ?? '', /ends in 30 days, on 2027-01-30/)
  const [incident, ...others] = await open()
  assert.deepEqual([others.length, incident?.code, incident?.holds], [0, 'CREDENTIAL_EXPIRING', false])
  assert.match(incident?.diagnosis.message ?? '', /has ended, on 2027-01-30/)
  assert.match(
    await tools.telemetry.exposition(),
    new RegExp(`tenantry_credential_expiry_timestamp_seconds ${Date.parse('2027-01-30') / 1_000}`),
  )
  assert.equal((await overseeFleet(tools)).credentialEndsAt?.toISOString(), '2027-01-30T00:00:00.000Z')
})

test('R08 a new credential ends the warning', async () => {
  const { config } = tools
  const credential = { kind: 'secret', secret: 'next', expiresAt: new Date(clock.now().getTime() + 90 * DAY) } as const
  await checkCredential({ ...tools, config: { ...config, credential } })
  assert.deepEqual(await open(), [])
  const [last] = await asFleet(tools.store, (sql) => listAudit(sql, { limit: 1 }))
  assert.deepEqual(
    [last?.actor, last?.action, last?.detail],
    ['daemon', 'incident.closed', { code: 'CREDENTIAL_EXPIRING' }],
  )
})

test('R08 where the app may read its registration, the end is known without anybody telling it', async () => {
  const quiet = {
    ...tools,
    config: { ...tools.config, credential: { kind: 'secret', secret: DEMO.secret, expiresAt: null } },
  } as const
  await checkCredential(quiet)
  assert.deepEqual(await open(), [])

  await emulator.directory.grantPermission({ tenant: DEMO.home, app: DEMO.appId, permission: 'Application.Read.All' })
  forgetTenant(tools.entra, DEMO.home as TenantId)
  const ends = (await credentialInUse(quiet)).expiresAt
  assert.ok(ends)
  clock.pass(ends.getTime() - clock.now().getTime() - 10 * DAY)
  await checkCredential(quiet)
  assert.match((await open())[0]?.diagnosis.message ?? '', /ends in 10 days/)
})

test('R08 the credential is changed without a run that fails, by two commands and a restart', async () => {
  await using fleet = await openFleet({ users: 3, groups: 1, databaseUrl: await freshDatabase() })
  const [tenantId] = fleet.tenantIds as [TenantId]
  const { config } = fleet.tools
  const home = { tenant: config.homeTenantId, app: config.clientId }
  await fleet.emulator.directory.addServicePrincipal(home)
  for (const permission of ['Application.Read.All', 'Application.ReadWrite.All'])
    await fleet.emulator.directory.grantPermission({ ...home, permission })
  const said: string[] = []
  const command = async (...argv: string[]) => {
    said.length = 0
    const terminal = { out: (line: string) => said.push(line), err: () => {} }
    return runCli(argv, { terminal, signal: new AbortController().signal, tools: () => Promise.resolve(fleet.tools) })
  }
  const states: (string | undefined)[] = []
  const run = async (by: Tools) => {
    forgetTenant(by.entra, tenantId)
    await syncTenant(by, { tenantId, signal: new AbortController().signal })
    states.push((await asTenant(by.store, tenantId, latestRun))?.state)
  }

  await run(fleet.tools)
  assert.equal(await command('credentials', 'rotate', '--days', '90', '--json'), 0)
  const { secret } = JSON.parse(said[0] ?? '') as { secret: string }
  await using restarted = await openTools(
    { ...config, credential: { kind: 'secret', secret, expiresAt: null } },
    { log: silentLog },
  )
  await run(fleet.tools)
  await run(restarted)
  assert.equal(await command('credentials', 'list', '--json'), 0)
  assert.ok(!said.join('').includes(secret))
  const { credentials } = JSON.parse(said[0] ?? '') as { credentials: { keyId: string; inUse: boolean }[] }
  const old = credentials.find(({ inUse }) => inUse)
  assert.ok(old)
  assert.equal(credentials.length, 2)
  assert.equal(await command('credentials', 'remove', '--id', old.keyId), 0)
  await run(restarted)
  assert.deepEqual(states, ['succeeded', 'succeeded', 'succeeded', 'succeeded'])
  const gone = await refusedWith('CLIENT_SECRET_INVALID', () => run(fleet.tools))
  assert.equal(gone.owner, 'operator')
})

test('T14 a token of another tenant where the registration is read is an incident', async () => {
  emulator.mischief.say('apptoken.swap')
  forgetTenant(tools.entra, DEMO.home as TenantId)
  await refusedWith('TOKEN_OF_OTHER_TENANT', () => listCredentials(tools))
  emulator.mischief.clear()
  assert.ok((await open()).some(({ code, tenantId }) => code === 'TOKEN_OF_OTHER_TENANT' && tenantId === DEMO.home))
})

test('R08 whoever may not change the registration is told how it is done by hand', async () => {
  const { nextStep } = await refusedWith('PERMISSION_MISSING', () =>
    addCredential(installation.tools, { days: 90, actor: 'operator:test' }),
  )
  assert.match(nextStep, new RegExp(`az ad app credential reset --append --id ${DEMO.appId}`))

  const headers = { 'content-type': 'application/json' }
  const body = '{"error":{"code":"InvalidAuthenticationToken","message":"x"}}'
  emulator.mischief.add({ at: 'graph', answer: { status: 401, headers, body } })
  const refused = await refusedWith('TOKEN_REFUSED', () => addCredential(tools, { days: 90, actor: 'operator:test' }))
  assert.doesNotMatch(refused.nextStep, /az ad app/, 'a token that is refused says nothing of what the app may')
  emulator.mischief.clear()
})

test('R08 a new secret is asked for once: after a lost answer, or a fault that comes too late, nobody makes a second one', async () => {
  const { tools: ours, emulator: microsoft } = await openInstallation({ after })
  const home = { tenant: DEMO.home, app: DEMO.appId }
  for (const permission of ['Application.Read.All', 'Application.ReadWrite.All'])
    await microsoft.directory.grantPermission({ ...home, permission })
  const secrets = async () => (await listCredentials(ours)).credentials.length
  const json = { 'content-type': 'application/json' }
  const deeds: Parameters<typeof microsoft.mischief.once>[0][] = [
    { at: 'graph', commitThenDrop: true },
    ...[500, 502, 503, 504].map((status) => ({
      at: 'graph' as const,
      answer: { status, headers: json, body: '{"error":{"code":"UnknownError"}}', afterwards: true },
    })),
    { at: 'graph', body: 'half' },
    { at: 'graph', answer: { status: 200, headers: json, body: '{"keyId":null}', afterwards: true } },
  ]
  const before = await secrets()
  for (const [made, deed] of deeds.entries()) {
    microsoft.mischief.once({ ...deed, match: { path: '/addPassword$' } })
    const { message, nextStep } = await refusedWith('SECRET_IN_DOUBT', () =>
      addCredential(ours, { days: 90, actor: 'operator:test' }),
    )
    assert.match(message, /there may be a secret “Tenantry \d{4}-\d\d-\d\d” now that nobody has/)
    assert.match(nextStep, /take away the newest/)
    assert.equal(await secrets(), before + made + 1, JSON.stringify(deed))
  }
  await addCredential(ours, { days: 90, actor: 'operator:test' })
  assert.equal(await secrets(), before + deeds.length + 1)
})

test('R08 a new secret is shown although the database does not take its line of the audit, which is said', async () => {
  const { tools: ours, emulator: microsoft } = await openInstallation({ after })
  const home = { tenant: DEMO.home, app: DEMO.appId }
  for (const permission of ['Application.Read.All', 'Application.ReadWrite.All'])
    await microsoft.directory.grantPermission({ ...home, permission })
  await raw`alter table tenantry.audit add constraint away check (action not like 'credential.%')`.execute(
    ours.store.kysely,
  )
  const { code, stdout, stderr } = await runHere(ours, 'credentials', 'rotate', '--json').ended
  assert.equal(code, 0, stderr)
  const { secret, keyId, audited } = JSON.parse(stdout) as { secret: string; keyId: string; audited: boolean }
  assert.equal(audited, false)
  assert.match(stderr, new RegExp(`The new secret ${keyId} stands in no audit`))
  const entra = { ...ours.entra, credential: { kind: 'secret', secret } as const, acquiring: new Map() }
  assert.equal((await appToken(entra, DEMO.home as TenantId, { fresh: true })).tenantId, DEMO.home)

  const removal = await runHere(ours, 'credentials', 'remove', '--id', keyId, '--json').ended
  assert.equal(removal.code, 0, removal.stderr)
  assert.deepEqual(JSON.parse(removal.stdout), { removed: keyId, audited: false })
  assert.match(removal.stderr, new RegExp(`the secret ${keyId} was removed stands in no audit`))
})
