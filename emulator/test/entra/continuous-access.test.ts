import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import { openBrowser, signIn, signInAndAccept } from '#emulator/test/support/browser.ts'
import { APP, CONTOSO, FABRIKAM, GRAPH_DEFAULT, REDIRECT, testEstate } from '#emulator/test/support/estate.ts'
import { msalFor } from '#emulator/test/support/msal.ts'
import { ask } from '#emulator/test/support/token.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const UMA = 'uma@fabrikam.example'
const graph = (path: string, token: string) =>
  ask(emulator, `/v1.0/${path}`, { headers: { authorization: `Bearer ${token}` } })

/** The claims of a challenge, as a client takes them out of the header. */
function challengeIn(header: string | null): string {
  assert.match(header ?? '', /error="insufficient_claims"/)
  const encoded = /claims="([^"]+)"/.exec(header ?? '')?.[1] ?? ''
  return Buffer.from(encoded, 'base64').toString()
}

/** MSAL with or without the capability, and somebody signed in. */
async function signedIn(clientCapabilities: string[], username = UMA) {
  const msal = msalFor(emulator, FABRIKAM, { clientCapabilities })
  const request = { scopes: ['User.Read'], redirectUri: REDIRECT }
  const signedInAgain = async (claims?: string) => {
    const url = await msal.getAuthCodeUrl({ ...request, prompt: 'login', ...(claims ? { claims } : {}) })
    const page = await signIn(openBrowser(emulator), url, { username })
    assert.equal(page.status, 0, page.text)
    return msal.acquireTokenByCode({ ...request, code: page.url.searchParams.get('code') ?? '' })
  }
  const back = await signInAndAccept(openBrowser(emulator), await msal.getAuthCodeUrl(request), { username })
  const result = await msal.acquireTokenByCode({ ...request, code: back.url.searchParams.get('code') ?? '' })
  return { msal, result, signedInAgain, account: result.account ?? assert.fail() }
}

test('a client that declares cp1 gets a long token that says so', async () => {
  const { result } = await signedIn(['CP1'])
  const claims = decodeJwt(result.accessToken)
  assert.deepEqual(claims.xms_cc, ['CP1'])
  const hours = ((claims.exp ?? 0) - (claims.iat ?? 0)) / 3600
  assert.ok(hours >= 20 && hours <= 28.2, `${hours} hours`)
  const plain = decodeJwt((await signedIn([])).result.accessToken)
  assert.equal(plain.xms_cc, undefined)
  assert.ok((plain.exp ?? 0) - (plain.iat ?? 0) < 2 * 3600)
})

test('revoked sessions: Graph challenges the long token at once, MSAL comes back with the claims, and all is well', async () => {
  const { msal, result, account, signedInAgain } = await signedIn(['CP1'])
  assert.equal((await graph('me', result.accessToken)).status, 200)
  await emulator.directory.revokeSessions({ tenant: FABRIKAM, user: UMA })
  const refused = await graph('me', result.accessToken)
  assert.equal(refused.status, 401)
  assert.equal(refused.body.error.code, 'InvalidAuthenticationToken')
  const claims = challengeIn(refused.headers.get('www-authenticate'))
  assert.ok(JSON.parse(claims).access_token.nbf.essential)
  await assert.rejects(msal.acquireTokenSilent({ account, scopes: ['User.Read'], claims }), /50173/)
  const fresh = await signedInAgain(claims)
  assert.equal((await graph('me', fresh.accessToken)).status, 200)
  assert.equal((await graph('me', result.accessToken)).status, 401, 'the old one stays ended')
})

test('revokeSignInSessions of Graph does the same, for whoever may; a guest’s sessions are at home', async () => {
  const permission = { tenant: FABRIKAM, app: APP, permission: 'User.RevokeSessions.All' }
  const { result } = await signedIn(['CP1'])
  const guest = await signedIn(['CP1'], 'uma@contoso.example')
  const revoke = async (path: string, token: string) =>
    ask(emulator, `/v1.0/${path}/revokeSignInSessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
  assert.equal((await revoke('me', result.accessToken)).status, 403)
  await emulator.directory.grantPermission(permission)
  const msal = msalFor(emulator, FABRIKAM)
  const app = (await msal.acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] }))?.accessToken ?? ''
  const answer = await revoke(`users/${UMA}`, app)
  assert.equal(answer.status, 200, answer.text)
  assert.deepEqual(answer.body, { '@odata.context': `${emulator.origin}/v1.0/$metadata#Edm.Boolean`, value: true })
  assert.ok(challengeIn((await graph('me', result.accessToken)).headers.get('www-authenticate')))
  assert.equal((await revoke('users/nobody@fabrikam.example', app)).status, 404)
  const { body } = await graph('me', guest.result.accessToken)
  assert.equal((await revoke(`users/${body.id}`, app)).body.value, true)
  assert.equal((await graph('me', guest.result.accessToken)).status, 200)
})

test('a client that declares nothing keeps its short token until it runs out', async () => {
  const { result } = await signedIn([])
  await emulator.directory.revokeSessions({ tenant: FABRIKAM, user: UMA })
  assert.equal((await graph('me', result.accessToken)).status, 200)
})

test('a disabled user is challenged, and refused where the claims lead; enabled again, he signs in', async () => {
  const { msal, result, account, signedInAgain } = await signedIn(['CP1'])
  await emulator.directory.setUserEnabled({ tenant: FABRIKAM, user: UMA, enabled: false })
  const refused = await graph('me', result.accessToken)
  const claims = challengeIn(refused.headers.get('www-authenticate'))
  await assert.rejects(msal.acquireTokenSilent({ account, scopes: ['User.Read'], claims }), /50057/)
  await emulator.directory.setUserEnabled({ tenant: FABRIKAM, user: UMA, enabled: true })
  assert.equal((await graph('me', (await signedInAgain(claims)).accessToken)).status, 200)
})

test('an application that is blocked by a policy is challenged, refused, and let in again without a new grant', async () => {
  const msal = msalFor(emulator, CONTOSO, { clientCapabilities: ['CP1'] })
  const scopes = [GRAPH_DEFAULT]
  const first = await msal.acquireTokenByClientCredential({ scopes })
  assert.equal((await graph('users', first?.accessToken ?? '')).status, 200)
  const block = { displayName: 'No daemons', workloads: [APP], requires: 'block' as const }
  await emulator.directory.setConditionalAccess({ tenant: CONTOSO, policies: [block] })
  const refused = await graph('users', first?.accessToken ?? '')
  const claims = challengeIn(refused.headers.get('www-authenticate'))
  await assert.rejects(msal.acquireTokenByClientCredential({ scopes, claims }), /53003/)
  await emulator.directory.setConditionalAccess({ tenant: CONTOSO, policies: [] })
  const fresh = await msal.acquireTokenByClientCredential({ scopes, claims })
  assert.notEqual(fresh?.accessToken, first?.accessToken, 'claims pass MSAL’s cache by')
  assert.equal((await graph('users', fresh?.accessToken ?? '')).status, 200)
})

test('a disabled service principal is challenged where its client understands it', async () => {
  const tokenOf = async (clientCapabilities: string[]) =>
    (
      await msalFor(emulator, CONTOSO, { clientCapabilities }).acquireTokenByClientCredential({
        scopes: [GRAPH_DEFAULT],
      })
    )?.accessToken ?? assert.fail()
  const [continuous, plain] = [await tokenOf(['CP1']), await tokenOf([])]
  await emulator.directory.setServicePrincipalEnabled({ tenant: CONTOSO, app: APP, enabled: false })
  challengeIn((await graph('users', continuous)).headers.get('www-authenticate'))
  const { status, headers } = await graph('users', plain)
  assert.equal(status, 401)
  assert.doesNotMatch(headers.get('www-authenticate') ?? '', /insufficient_claims/)
})
