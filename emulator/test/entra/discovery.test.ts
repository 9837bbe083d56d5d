import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { CONTOSO, FABRIKAM, GRAPH_DEFAULT, PERSONAL, testEstate } from '#emulator/test/support/estate.ts'
import { msalFor } from '#emulator/test/support/msal.ts'
import { ask } from '#emulator/test/support/token.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const configuration = (segment: string, version = '/v2.0') =>
  ask(emulator, `/${segment}${version}/.well-known/openid-configuration`)

test('a tenant is found by id and by each domain, in any case, and always named by its id', async () => {
  for (const segment of [FABRIKAM, FABRIKAM.toUpperCase(), 'fabrikam.example', 'FABRIKAM.onmicrosoft.com']) {
    const { body } = await configuration(segment)
    assert.equal(body.issuer, `${emulator.origin}/${FABRIKAM}/v2.0`)
    assert.equal(body.token_endpoint, `${emulator.origin}/${FABRIKAM}/oauth2/v2.0/token`)
    assert.equal(body.jwks_uri, `${emulator.origin}/${FABRIKAM}/discovery/v2.0/keys`)
  }
})

test('common and organizations have a template for an issuer, consumers the personal tenant', async () => {
  for (const segment of ['common', 'organizations']) {
    const { body } = await configuration(segment)
    assert.equal(body.issuer, `${emulator.origin}/{tenantid}/v2.0`)
    assert.equal(body.tenant_region_scope, null)
    assert.equal(body.token_endpoint, `${emulator.origin}/${segment}/oauth2/v2.0/token`)
  }
  assert.equal((await configuration('consumers')).body.issuer, `${emulator.origin}/${PERSONAL}/v2.0`)
})

test('people are sent to the origin that needs no certificate, programs to the other', async () => {
  const { body } = await configuration(CONTOSO)
  assert.equal(new URL(body.authorization_endpoint).origin, emulator.browserOrigin)
  assert.equal(new URL(body.end_session_endpoint).origin, emulator.browserOrigin)
  for (const name of ['token_endpoint', 'jwks_uri', 'device_authorization_endpoint', 'userinfo_endpoint'])
    assert.equal(new URL(body[name]).origin, emulator.origin, name)
})

test('the v1 configuration names v1 addresses and the old issuer', async () => {
  const { body } = await configuration(CONTOSO, '')
  assert.equal(body.issuer, `https://sts.windows.net/${CONTOSO}/`)
  assert.equal(body.token_endpoint, `${emulator.origin}/${CONTOSO}/oauth2/token`)
})

test('an unknown tenant is invalid_tenant, AADSTS90002; nonsense is AADSTS900023', async () => {
  const unknown = await configuration('nosuch.example')
  assert.equal(unknown.status, 400)
  assert.equal(unknown.body.error, 'invalid_tenant')
  assert.deepEqual(unknown.body.error_codes, [90002])
  assert.deepEqual((await configuration('nonsense')).body.error_codes, [900023])
})

test('several keys are published; v2 says of each whose tokens it signs; rotation keeps the old', async () => {
  const keys = async (path: string) => (await ask(emulator, path)).body.keys as Record<string, string>[]
  const before = await keys(`/${CONTOSO}/discovery/v2.0/keys`)
  assert.ok(before.length >= 2)
  for (const key of before) {
    assert.equal(key.kty, 'RSA')
    assert.equal(key.kid, key.x5t)
    assert.equal(key.issuer, `${emulator.origin}/{tenantid}/v2.0`)
  }
  assert.equal('issuer' in ((await keys('/common/discovery/keys'))[0] ?? {}), false)
  const kid = await emulator.directory.rotateKeys({})
  const rotated = await keys('/common/discovery/v2.0/keys')
  assert.equal(rotated.length, before.length + 1)
  assert.ok(rotated.some((key) => key.kid === kid))
  assert.ok(before.every((key) => rotated.some((later) => later.kid === key.kid)))
})

test('instance discovery knows itself and Microsoft, with or without a port, and no stranger', async () => {
  const path = '/common/discovery/instance?api-version=1.1&authorization_endpoint='
  const itself = await ask(
    emulator,
    `${path}${encodeURIComponent(`https://localhost/${CONTOSO}/oauth2/v2.0/authorize`)}`,
  )
  assert.equal(
    itself.body.tenant_discovery_endpoint,
    `${emulator.origin}/${CONTOSO}/v2.0/.well-known/openid-configuration`,
  )
  assert.ok(itself.body.metadata[0].aliases.includes(new URL(emulator.origin).host))
  const stranger = await ask(
    emulator,
    `${path}${encodeURIComponent('https://login.evil.example/common/oauth2/authorize')}`,
  )
  assert.equal(stranger.status, 400)
  assert.equal(stranger.body.error, 'invalid_instance')
  assert.deepEqual(stranger.body.error_codes, [50049])
})

test('MSAL accepts the issuer that it finds', async () => {
  const result = await msalFor(emulator, 'contoso.example').acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] })
  assert.ok(result?.accessToken)
})

test('the token endpoint takes POST only: AADSTS900561', async () => {
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    const { body, status } = await ask(emulator, `/${CONTOSO}/oauth2/v2.0/token`, { method })
    assert.equal(status, 400)
    assert.deepEqual(body.error_codes, [900561])
    assert.match(body.error_description, new RegExp(`Received a ${method} request`))
  }
})
