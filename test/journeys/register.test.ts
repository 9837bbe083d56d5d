import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { before, suite, test } from 'node:test'
import { DEMO, type EstateInput } from '#emulator/index.ts'
import { makeClientCertificate } from '#emulator/test/support/estate.ts'
import { askToken } from '#emulator/test/support/token.ts'
import { commandLineOf, withCommandLineTool } from '#test/journeys/microsoft-graph.ts'
import { signInFor } from '#test/support/at-the-terminal.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { type Ended, startTenantry } from '#test/support/programs.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

const OLIVIA = 'olivia@northwind.onmicrosoft.com'
const APP = 'Northwind Insights'
/** In the order in which they are written: the secret before anything else can go wrong. */
const WRITTEN = [
  'TENANTRY_CLIENT_SECRET',
  'TENANTRY_CLIENT_SECRET_EXPIRES_ON',
  'TENANTRY_CLIENT_ID',
  'TENANTRY_HOME_TENANT_ID',
]

const PROGRAM = { appId: 'bbbbbbbb-1111-4222-8333-444444444444', secret: 'secret-of-the-nightly-report' }
/** Registered by hand, before programs were thought of. */
const OLDER = 'dddddddd-1111-4222-8333-444444444444'

/** An ISV that has registered nothing but a tool to look with, a program of its own, and another app long ago. */
const nothingYet = (estate: EstateInput): EstateInput =>
  withCommandLineTool({
    ...estate,
    applications: [
      {
        appId: PROGRAM.appId,
        homeTenant: DEMO.home,
        displayName: 'Nightly report',
        secrets: [{ value: PROGRAM.secret }],
      },
      {
        appId: OLDER,
        homeTenant: DEMO.home,
        displayName: 'Older insights',
        accessTokenVersion: 1,
        delegatedPermissions: [{ value: 'read', displayName: 'Read' }],
        appRoles: [
          { value: 'Reader', displayName: 'Reader', allowedMemberTypes: ['User'] },
          { value: 'Tenantry.Operator', displayName: 'Ours', allowedMemberTypes: ['User'] },
        ],
      },
    ],
    servicePrincipals: [{ tenant: DEMO.home, appId: PROGRAM.appId }],
  })

type Registration = {
  id: string
  api: { requestedAccessTokenVersion: number | null; oauth2PermissionScopes: unknown[] }
  appRoles: { value: string; displayName: string; allowedMemberTypes: string[] }[]
  appId: string
  signInAudience: string
  groupMembershipClaims: string
  web: { redirectUris: string[]; implicitGrantSettings: Record<string, boolean> }
  isFallbackPublicClient: boolean | null
  info: { privacyStatementUrl: string }
  requiredResourceAccess: { resourceAccess: { type: string }[] }[]
  passwordCredentials: unknown[]
  keyCredentials: unknown[]
}

type Presence = { id: string; appRoles: { id: string; value: string }[] }

suite('tenantry register: from nothing to an app that works', () => {
  const scope = suiteScope()
  let place: Deployment
  let file: string
  before(async () => {
    place = await openDeployment(scope, { change: nothingYet })
    file = `${place.folder}/app.env`
  })

  /** What an engineer has before there is an app: no ids, no credential. */
  const environment = (more: Record<string, string>) => {
    const unknown = { TENANTRY_CLIENT_ID: '', TENANTRY_HOME_TENANT_ID: '', TENANTRY_CLIENT_SECRET: '' }
    return { ...place.settings, ...unknown, ...more }
  }
  const doctor = (more: Record<string, string>): Promise<Ended> =>
    startTenantry({ args: ['doctor'], env: environment(more) }).ended
  const register = (more: Record<string, string>, args: string[] = [], action: 'accept' | 'cancel' = 'accept') =>
    signInFor(startTenantry({ args: ['register', ...args], env: environment(more) }), place.emulator, OLIVIA, action)
  const registrations = async (): Promise<Registration[]> => {
    const olivia = await commandLineOf(place.emulator, OLIVIA)
    return ((await olivia.read(`/applications?$filter=displayName eq '${APP}'`)) as { value: Registration[] }).value
  }
  const changes = () =>
    place.emulator.requests.list({ path: '/v1.0/' }).filter(({ method }) => !['GET', 'HEAD'].includes(method))
  const settingsIn = (path: string): Record<string, string> =>
    Object.fromEntries(
      readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split('=', 2) as [string, string]),
    )

  test('a sign-in that is declined changes nothing, and says so', async () => {
    const { code, stderr } = await register({}, [], 'cancel')
    assert.equal(code, 1)
    assert.match(stderr, /^CONSENT_DECLINED: The sign-in was declined\. Nothing was changed\.$/m)
    assert.deepEqual(changes(), [])
  })

  test('whoever stops it does not wait for the next time that Microsoft would be asked', async () => {
    const { mischief, requests } = place.emulator
    const json = (status: number, body: object) => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const address = `${place.emulator.browserOrigin}/common/oauth2/deviceauth`
    const codes = { user_code: 'ABCD', device_code: 'abcd', verification_uri: address, message: '' }
    const hours = { expires_in: 7_200, interval: 3_600 }
    mischief.add({ at: 'token', match: { path: '/devicecode$' }, answer: json(200, { ...codes, ...hours }) })
    mischief.add({ at: 'token', match: { path: '/token$' }, answer: json(400, { error: 'authorization_pending' }) })
    const asked = () => requests.list({ path: '/oauth2/v2.0/token$' }).filter(({ status }) => status === 400).length
    const before = asked()
    const program = startTenantry({ args: ['register'], env: environment({}) })
    await until('Microsoft has been asked once', () => asked() > before)
    program.signal('SIGINT')
    const { code, stderr } = await program.ended
    mischief.clear()
    assert.equal(code, 1)
    assert.match(stderr, /^Stopped before it was done\.$/m)
    assert.deepEqual([asked() - before, changes()], [1, []])
  })

  test('two who register at the same moment, and do not see each other, make one app; once it is deleted another can be made', async () => {
    place.emulator.mischief.add({
      at: 'graph',
      match: { method: 'GET', path: '/applications$' },
      times: 2,
      answer: { status: 200, headers: { 'content-type': 'application/json' }, body: '{"value":[]}' },
    })
    // Whoever made it is slow to fill it in, and the other one sees it bare.
    place.emulator.mischief.add({
      at: 'graph',
      match: { method: 'PATCH', path: '/applications/[^/]+$' },
      times: 1,
      delayMs: 1_500,
    })
    const both = await Promise.all([register({}, ['--json']), register({}, ['--json'])])
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
      both.map(({ stderr }) => stderr).join('\n'),
    )
    const told = both.map(({ stdout }) => JSON.parse(stdout) as { clientId: string; done: { outcome: string }[] })
    assert.equal(told[0]?.clientId, told[1]?.clientId)
    assert.equal(told.filter(({ done }) => done[0]?.outcome === 'created').length, 1)
    const [registration, ...others] = await registrations()
    assert.ok(registration && others.length === 0)
    assert.equal(registration.appRoles.length, 1)
    assert.equal(registration.web.redirectUris.length, 2)
    await place.emulator.directory.deleteApplication({ app: registration.appId })
  })

  test('R08 a secret whose answer is lost is not asked for again, and whoever waits for it is told', async () => {
    place.emulator.mischief.add({
      at: 'graph',
      match: { method: 'POST', path: '/addPassword$' },
      times: 1,
      commitThenDrop: true,
    })
    const path = `${place.folder}/lost.env`
    const { code, stderr } = await register({}, ['--settings', path])
    assert.equal(code, 1)
    assert.match(stderr, /^SECRET_IN_DOUBT: .+ there may be a secret “Tenantry [-0-9]+” now that nobody has\.$/m)
    assert.equal(readFileSync(path, 'utf8'), '')
    const [registration] = await registrations()
    assert.equal(registration?.passwordCredentials.length, 1)
    await place.emulator.directory.deleteApplication({ app: registration.appId })
  })

  test('whose token Microsoft refuses is told to sign in again, not that his role does not suffice', async () => {
    place.emulator.mischief.add({
      at: 'graph',
      match: { method: 'PATCH', path: '/applications' },
      answer: {
        status: 401,
        headers: { 'content-type': 'application/json' },
        body: '{"error":{"code":"InvalidAuthenticationToken","message":"Access token has expired or is not yet valid."}}',
      },
    })
    const { code, stderr } = await register({})
    place.emulator.mischief.clear()
    assert.equal(code, 1)
    assert.match(stderr, /^SIGN_IN_ENDED: /m)
    assert.doesNotMatch(stderr, /directory role/)
    assert.deepEqual(await registrations(), [])
  })

  test('it registers once, though an answer is lost and replicas hear late of it, keeps the secret in the file alone, and the app works', async () => {
    place.emulator.mischief.add({
      at: 'graph',
      match: { method: 'PATCH', path: '/applications\\(uniqueName' },
      times: 1,
      commitThenDrop: true,
    })
    place.emulator.lag.set({
      applicationReads: 2,
      applicationReferences: 2,
      servicePrincipalReads: 2,
      appRoleReferences: 2,
    })
    const { code, stdout, stderr } = await register({}, ['--settings', file])
    place.emulator.lag.clear()
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^The app is registered in Northwind Software\.$/m)
    assert.match(stdout, /^ {2}app role Tenantry\.Operator: brought up to date$/m)
    assert.match(stdout, new RegExp(`^ {2}operator: ${OLIVIA}: made$`, 'm'))

    const settings = settingsIn(file)
    assert.deepEqual(Object.keys(settings), WRITTEN)
    assert.equal(settings.TENANTRY_HOME_TENANT_ID, DEMO.home)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const secret = settings.TENANTRY_CLIENT_SECRET ?? ''
    assert.ok(secret.length > 10 && !`${stdout}${stderr}`.includes(secret))

    const [registration, ...others] = await registrations()
    assert.ok(registration && others.length === 0)
    assert.equal(registration.appId, settings.TENANTRY_CLIENT_ID)
    assert.equal(registration.signInAudience, 'AzureADMultipleOrgs')
    assert.equal(registration.groupMembershipClaims, 'DirectoryRole')
    assert.deepEqual(registration.web.redirectUris, [
      `${place.landing}/sign-up/callback`,
      `${place.console}/sign-in/callback`,
    ])
    assert.deepEqual(Object.values(registration.web.implicitGrantSettings), [false, false])
    assert.equal(registration.isFallbackPublicClient, null)
    assert.equal(registration.info.privacyStatementUrl, 'https://northwind.example/privacy')
    const types = registration.requiredResourceAccess.flatMap(({ resourceAccess }) =>
      resourceAccess.map(({ type }) => type),
    )
    assert.deepEqual(types.sort(), ['Role', 'Role', 'Role', 'Scope', 'Scope', 'Scope', 'Scope', 'Scope'])
    const tried = await doctor(settings)
    assert.equal(tried.code, 0, tried.stderr)
  })

  test('a program that was given the operator role uses the HTTP API, with a token of its own', async (t) => {
    const { TENANTRY_CLIENT_ID: clientId = '', ...settings } = settingsIn(file)
    const program = startTenantry({ args: ['dev'], env: environment({ ...settings, TENANTRY_CLIENT_ID: clientId }) })
    t.after(() => program.stop())
    await program.answers(`${place.console}/readyz`)
    const call = async () => {
      const { body } = await askToken(place.emulator, DEMO.home, {
        grant_type: 'client_credentials',
        client_id: PROGRAM.appId,
        client_secret: PROGRAM.secret,
        scope: `${clientId}/.default`,
      })
      const headers = { authorization: `Bearer ${body.access_token}` }
      return (await fetch(`${place.console}/api/v1/tenants`, { headers })).status
    }
    const refused = await call()

    const olivia = await commandLineOf(place.emulator, OLIVIA)
    const presenceOf = async (appId: string): Promise<Presence> => {
      const { value } = (await olivia.read(`/servicePrincipals?$filter=appId eq '${appId}'`)) as { value: Presence[] }
      return value[0] ?? assert.fail(`${appId} is not there`)
    }
    const [ours, report] = [await presenceOf(clientId), await presenceOf(PROGRAM.appId)]
    const { status } = await olivia.make(`/servicePrincipals/${ours.id}/appRoleAssignedTo`, {
      principalId: report.id,
      resourceId: ours.id,
      appRoleId: ours.appRoles.find(({ value }) => value === 'Tenantry.Operator')?.id,
    })
    assert.equal(status, 201)
    assert.deepEqual([refused, await call()], [403, 200])
  })

  test('doing it again changes nothing; with a certificate only that is added', async () => {
    const ids = Object.fromEntries(Object.entries(settingsIn(file)).filter(([name]) => name.endsWith('_ID')))
    place.emulator.requests.clear()
    const again = await register(settingsIn(file), ['--settings', file, '--json'])
    assert.equal(again.code, 0, again.stderr)
    const { done, written } = JSON.parse(again.stdout) as { done: { outcome: string }[]; written: string[] }
    assert.ok(done.length > 8 && done.every(({ outcome }) => outcome === 'already-there'), again.stdout)
    assert.deepEqual([written, changes()], [[], []])

    const { key, certificate } = makeClientCertificate()
    const pem = `${place.folder}/app.pem`
    writeFileSync(pem, `${certificate}${key.export({ type: 'pkcs8', format: 'pem' }).toString()}`)
    const more = { ...ids, TENANTRY_CLIENT_CERTIFICATE_FILE: pem }
    const { code, stdout, stderr } = await register(more, ['--no-operator'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^ {2}certificate: brought up to date$/m)
    assert.deepEqual(
      changes().map(({ method }) => method),
      ['PATCH'],
    )
    const [registration] = await registrations()
    assert.deepEqual([registration?.keyCredentials.length, registration?.passwordCredentials.length], [1, 1])
    const tried = await doctor(more)
    assert.equal(tried.code, 0, tried.stderr)
  })

  test('what stands in a settings file without a value is filled in, in its place, and all else stays', async () => {
    const path = `${place.folder}/from-example.env`
    const example = readFileSync('.env.example', 'utf8')
    writeFileSync(path, `${example}\nexport TENANTRY_CLIENT_SECRET=''\nTENANTRY_LOG_LEVEL=debug\n`)
    const { code, stdout, stderr } = await register({}, ['--settings', path])
    assert.equal(code, 0, stderr)
    const { TENANTRY_CLIENT_ID: id, TENANTRY_HOME_TENANT_ID: home } = settingsIn(file)
    assert.ok(stdout.includes(`TENANTRY_CLIENT_ID=${id}`) && stdout.includes(`TENANTRY_HOME_TENANT_ID=${home}`))
    const text = readFileSync(path, 'utf8')
    const secret = /^TENANTRY_CLIENT_SECRET=(\S{10,})$/m.exec(text)?.[1] ?? assert.fail('there is no secret')
    assert.ok(!stdout.includes(secret))
    const filled = example
      .replace('\nTENANTRY_CLIENT_ID=\n', `\nTENANTRY_CLIENT_ID=${id}\n`)
      .replace('\nTENANTRY_HOME_TENANT_ID=\n', `\nTENANTRY_HOME_TENANT_ID=${home}\n`)
    const expires = /^TENANTRY_CLIENT_SECRET_EXPIRES_ON=\S+$/m.exec(text)?.[0]
    assert.equal(text, `${filled}\nTENANTRY_CLIENT_SECRET=${secret}\nTENANTRY_LOG_LEVEL=debug\n${expires}\n`)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    const again = await register({}, ['--settings', path, '--json'])
    assert.deepEqual((JSON.parse(again.stdout) as { written: string[] }).written, [])
  })

  test('another app of the same name is left alone, in words', async () => {
    place.emulator.requests.clear()
    const { code, stderr } = await register({ TENANTRY_PUBLIC_URL: 'https://elsewhere.example' })
    assert.equal(code, 1)
    assert.match(stderr, /^REGISTRATION_UNCLEAR: There is an app registration named “Northwind Insights” already/m)
    assert.match(stderr, /Next step: +Set TENANTRY_CLIENT_ID/)
    assert.deepEqual(changes(), [])
  })

  test('an app that was registered long ago is opened to programs, and keeps what it has', async () => {
    const older = async (): Promise<Registration> => {
      const olivia = await commandLineOf(place.emulator, OLIVIA)
      const path = `/applications?$filter=appId eq '${OLDER}'`
      const { value } = (await olivia.read(path)) as { value: Registration[] }
      return value[0] ?? assert.fail('it is gone')
    }
    const rolesOf = ({ appRoles }: Registration) =>
      appRoles.map(({ value, displayName, allowedMemberTypes }) => [value, displayName, ...allowedMemberTypes])
    const before = await older()
    assert.equal(before.api.requestedAccessTokenVersion, 1)
    // Microsoft does not always change a role that is enabled.
    place.emulator.mischief.add({
      at: 'graph',
      match: { method: 'PATCH', path: `/applications/${before.id}$` },
      nth: 2,
      times: 1,
      answer: {
        status: 400,
        headers: { 'content-type': 'application/json' },
        body: '{"error":{"code":"CannotDeleteOrUpdateEnabledEntitlement","message":"Disable it first."}}',
      },
    })
    const refused = await register({ TENANTRY_CLIENT_ID: OLDER })
    assert.equal(refused.code, 0, refused.stderr)
    assert.match(
      refused.stdout,
      /^ {2}app role Tenantry\.Operator for people and programs: refused by Microsoft; do it/m,
    )
    assert.deepEqual(rolesOf(await older()), [
      ['Reader', 'Reader', 'User'],
      ['Tenantry.Operator', 'Ours', 'User'],
    ])

    const { code, stdout, stderr } = await register({ TENANTRY_CLIENT_ID: OLDER })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^ {2}access tokens of version 2 for the HTTP API: there already$/m)
    assert.match(stdout, /^ {2}app role Tenantry\.Operator for people and programs: brought up to date$/m)
    const after = await older()
    assert.deepEqual(rolesOf(after), [
      ['Reader', 'Reader', 'User'],
      ['Tenantry.Operator', 'Ours', 'User', 'Application'],
    ])
    assert.equal(after.api.requestedAccessTokenVersion, 2)
    assert.deepEqual(after.api.oauth2PermissionScopes, before.api.oauth2PermissionScopes)
  })

  test('what is wrong with the configuration is told before anybody signs in', async () => {
    const { code, stderr } = await startTenantry({
      args: ['register', '--settings', '/proc/none/app.env'],
      env: environment({ TENANTRY_PUBLIC_URL: 'northwind' }),
    }).ended
    assert.equal(code, 2)
    assert.match(stderr, /TENANTRY_PUBLIC_URL: must be an https address/)
    assert.match(stderr, /--settings: names a file that cannot be written/)
  })
})
