import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import { openAz } from '#emulator/test/conformance/debian/az.ts'
import { ofDebian } from '#emulator/test/conformance/support/installed.ts'
import { APP, FABRIKAM, GRAPH, ISV, makeClientCertificate, SECRET, testEstate } from '#emulator/test/support/estate.ts'

const { key, certificate } = makeClientCertificate()
const renewed = makeClientCertificate()
const pem = (made: typeof renewed) => made.key.export({ type: 'pkcs8', format: 'pem' }) + made.certificate
const MAY = [
  'Application.ReadWrite.All',
  'DelegatedPermissionGrant.ReadWrite.All',
  'Organization.Read.All',
  'User.ReadWrite.All',
  'Group.ReadWrite.All',
]
const estate = testEstate([certificate])
const emulator = await startEmulator({
  estate: {
    ...estate,
    tenants:
      estate.tenants.map((tenant) =>
        tenant.id === ISV
          ? {
              ...tenant,
              users: [
                ...(tenant.users ?? []),
                { userPrincipalName: 'uma@northwind.example', displayName: 'Uma User', password: 'Passw0rd!' },
              ],
              generated: { users: 250, groups: 2, seed: 9 },
            }
          : tenant,
      ) ?? [],
    servicePrincipals: [{ tenant: ISV, appId: APP, application: MAY }],
  },
  proxyPort: 0,
})
after(() => emulator.close())
const az = openAz(emulator)
after(() => az.close())
const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
after(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'client.pem'), pem({ key, certificate }))
writeFileSync(join(folder, 'renewed.pem'), pem(renewed))
writeFileSync(join(folder, 'renewed.crt'), renewed.certificate)

const text = (query: string) => ['--query', query, '--output', 'tsv']
const graph = (path: string) => `https://graph.microsoft.com/v1.0${path}`

suite(ofDebian('Azure CLI', 'azure-cli'), () => {
  test('signs in as a service principal by certificate and by secret, and gives its token away', async () => {
    for (const credential of [join(folder, 'client.pem'), SECRET]) await az.loginAsApp(APP, credential, ISV)
    assert.equal(await az('account', 'show', ...text('tenantId')), ISV)
    const resource = ['--resource', 'https://graph.microsoft.com']
    const token = await az('account', 'get-access-token', ...resource, ...text('accessToken'))
    assert.deepEqual(new Set(decodeJwt<{ roles: string[] }>(token).roles), new Set(MAY))
  })

  test('a tenant by one of its domains', async () => {
    await az.loginAsApp(APP, SECRET, 'northwind.example')
    assert.equal(await az('account', 'show', ...text('tenantId')), ISV)
  })

  test('refusals of a sign-in: AADSTS in its words, exit code 1', async () => {
    const login = (secret: string, tenant: string) =>
      az.fails('login', '--service-principal', '-u', APP, '-p', secret, '--tenant', tenant, '--allow-no-subscriptions')
    const wrong = await login('wrong', ISV)
    assert.equal(wrong.status, 1)
    assert.match(wrong.said, /AADSTS7000215: Invalid client secret provided/)
    assert.match((await login(SECRET, FABRIKAM)).said, /AADSTS7000229/)
    const nowhere = await login(SECRET, '99999999-0000-4000-8000-000000000000')
    assert.match(nowhere.said, /Unable to get authority configuration/)
  })

  test('registers an application: permissions, secrets, a certificate, a federated credential', async () => {
    await az.loginAsApp(APP, SECRET, ISV)
    const role = await az('ad', 'sp', 'show', '--id', GRAPH, ...text("appRoles[?value=='User.Read.All'].id"))
    const scope = await az('ad', 'sp', 'show', '--id', GRAPH, ...text("oauth2PermissionScopes[?value=='User.Read'].id"))
    assert.deepEqual([role, scope], ['df021288-bdef-4463-88db-98f22de89214', 'e1fe6dd8-ba31-4d61-89e7-88639da4683d'])
    const name = ['--display-name', 'Registered by az']
    const create = ['ad', 'app', 'create', ...name, '--sign-in-audience', 'AzureADMultipleOrgs', ...text('appId')]
    const app = await az(...create, '--web-redirect-uris', 'https://localhost/signin-oidc')
    assert.equal(await az(...create), app, 'the same name is the same application')
    const own = ['--id', app]
    const permission = ['ad', 'app', 'permission']
    await az(...permission, 'add', ...own, '--api', GRAPH, '--api-permissions', `${scope}=Scope`, `${role}=Role`)
    assert.equal(await az(...permission, 'list', ...own, ...text('[0].resourceAccess | length(@)')), '2')

    const secret = await az('ad', 'app', 'credential', 'reset', ...own, ...text('password'))
    const second = await az('ad', 'app', 'credential', 'reset', ...own, '--append', ...text('password'))
    assert.notEqual(second, secret)
    const certificateFile = `@${join(folder, 'renewed.crt')}`
    await az('ad', 'app', 'credential', 'reset', ...own, '--append', '--cert', certificateFile, '-o', 'none')
    assert.equal(await az('ad', 'app', 'credential', 'list', ...own, ...text('length(@)')), '2')
    assert.equal(await az('ad', 'app', 'credential', 'list', ...own, '--cert', ...text('length(@)')), '1')
    const federated = {
      name: 'ci',
      issuer: 'https://ci.example',
      subject: 'repo:a/b',
      audiences: ['api://AzureADTokenExchange'],
    }
    await az('ad', 'app', 'federated-credential', 'create', ...own, '--parameters', JSON.stringify(federated))
    assert.equal(await az('ad', 'app', 'federated-credential', 'list', ...own, ...text('[].name')), 'ci')

    await az('ad', 'sp', 'create', ...own, '-o', 'none')
    await az(...permission, 'grant', ...own, '--api', GRAPH, '--scope', 'User.Read', '-o', 'none')
    assert.equal(await az(...permission, 'list-grants', ...own, ...text('[].scope')), 'User.Read')
    await az.loginAsApp(app, second, ISV)
    await az.loginAsApp(app, join(folder, 'renewed.pem'), ISV)
    await az.loginAsApp(APP, SECRET, ISV)
    await az('ad', 'app', 'delete', ...own)
    assert.equal((await az.fails('ad', 'app', 'show', ...own)).status, 3)
  })

  test('reads and writes the directory: users on all pages, groups and their members', async () => {
    await az.loginAsApp(APP, SECRET, ISV)
    assert.equal(await az('ad', 'user', 'list', ...text('length(@)')), '250')
    const olivia = ['--id', 'olivia@northwind.example']
    const id = await az('ad', 'user', 'show', ...olivia, ...text('id'))
    const group = ['--group', 'Made by az']
    await az('ad', 'group', 'create', '--display-name', 'Made by az', '--mail-nickname', 'az', '-o', 'none')
    await az('ad', 'group', 'member', 'add', ...group, '--member-id', id)
    assert.equal(await az('ad', 'group', 'member', 'list', ...group, ...text('[].displayName')), 'Olivia Owner')
    await az('ad', 'group', 'member', 'remove', ...group, '--member-id', id)
    assert.equal(await az('ad', 'group', 'member', 'list', ...group, ...text('[].displayName')), '')
    await az('ad', 'group', 'delete', ...group)
  })

  test('az rest: what Graph answers, and its refusals with code and exit code', async () => {
    await az.loginAsApp(APP, SECRET, ISV)
    const get = ['rest', '--method', 'GET', '--url']
    assert.equal(await az(...get, graph('/organization'), ...text('value[0].displayName')), 'Northwind')
    const body = JSON.stringify({
      displayName: 'By rest',
      mailEnabled: false,
      mailNickname: 'r',
      securityEnabled: true,
    })
    const id = await az('rest', '--method', 'POST', '--url', graph('/groups'), '--body', body, ...text('id'))
    await az('rest', '--method', 'DELETE', '--url', graph(`/groups/${id}`))
    const gone = await az.fails(...get, graph(`/groups/${id}`))
    assert.equal(gone.status, 1)
    assert.match(gone.said, /Not Found\(\{"error":\{"code":"Request_ResourceNotFound"/)
    assert.match((await az.fails(...get, graph('/directoryRoles'))).said, /Forbidden\(.*Authorization_RequestDenied/)
    assert.match((await az.fails(...get, graph('/planner/plans'))).said, /Not Implemented/)
    emulator.mischief.once({ at: 'graph', answer: { status: 429, headers: { 'retry-after': '60' }, body: '{}' } })
    assert.match((await az.fails(...get, graph('/groups'))).said, /Too Many Requests/)
    const nobody = await az.fails('ad', 'sp', 'show', '--id', '99999999-0000-4000-8000-000000000000')
    assert.equal(nobody.status, 3)
    assert.match(nobody.said, /does not exist/)
  })

  test('az login --use-device-code: the administrator consents for the organization, a user may not', async () => {
    await az.loginAs('uma@northwind.example', ISV)
    const me = ['ad', 'signed-in-user', 'show', ...text('userPrincipalName')]
    assert.equal(await az(...me), 'uma@northwind.example')
    const consent = ['ad', 'app', 'permission', 'admin-consent', '--id', APP]
    const refused = await az.fails(...consent)
    assert.match(refused.said, /Forbidden/)
    await az.loginAs('olivia@northwind.example', ISV)
    assert.equal(await az(...me), 'olivia@northwind.example')
    await az(...consent)
    const permissions = await az('rest', '--url', graph(`/servicePrincipals(appId='${APP}')/oauth2PermissionGrants`))
    const [{ consentType, scope }] = JSON.parse(permissions).value
    assert.deepEqual([consentType, scope.includes('Application.Read.All')], ['AllPrincipals', true])
  })

  test('az ad sp create-for-rbac: application, service principal and secret in one', async () => {
    await az.loginAs('olivia@northwind.example', ISV)
    const made = JSON.parse(await az('ad', 'sp', 'create-for-rbac', '--name', 'Made at once'))
    await az.loginAsApp(made.appId, made.password, made.tenant)
  })
})
