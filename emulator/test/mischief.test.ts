import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, beforeEach, test } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, EmbeddedJWK, type JSONWebKeySet, jwtVerify } from 'jose'
import { type RuleInput, startEmulator, type Word } from '#emulator/index.ts'
import { WORDS } from '#emulator/mischief/words.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import {
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH_DEFAULT,
  ISV,
  PERSONAL,
  REDIRECT,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'
import { openAnswer, rawAnswer, unzippedLength } from '#emulator/test/support/raw.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'
import { until } from '#test/support/until.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const NONCE = 'the-nonce'
const VERIFIER = 'a-verifier-that-is-long-enough-for-the-rules-of-rfc-7636'

async function authorize(more: Record<string, string> = {}) {
  const url = new URL(`${emulator.browserOrigin}/organizations/oauth2/v2.0/authorize`)
  const all = {
    client_id: APP,
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: 'openid profile User.Read',
    nonce: NONCE,
    ...more,
  }
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
  return signInAndAccept(openBrowser(emulator), url.href, { username: 'uma@contoso.example' })
}
const redeem = (code: string | null, more: Record<string, string> = {}) =>
  askToken(emulator, 'organizations', {
    grant_type: 'authorization_code',
    client_id: APP,
    client_secret: SECRET,
    redirect_uri: REDIRECT,
    code: code ?? '',
    ...more,
  })
const signedIn = async () => (await redeem((await authorize()).url.searchParams.get('code'))).body
const appOnly = (tenant = CONTOSO) =>
  askToken(emulator, tenant, {
    grant_type: 'client_credentials',
    client_id: APP,
    client_secret: SECRET,
    scope: GRAPH_DEFAULT,
  })
const verifies = async (token: string) => {
  const { body } = await ask(emulator, '/common/discovery/v2.0/keys')
  return jwtVerify(token, createLocalJWKSet(body as JSONWebKeySet), {
    algorithms: ['RS256'],
    currentDate: emulator.clock.now(),
  }).then(
    () => true,
    () => false,
  )
}

type Claims = Record<string, unknown>
/** What an ID token says under each word; the signature holds unless it is the signature that is bad. */
const ID_TOKEN: Partial<Record<Word, (claims: Claims, now: number) => void>> = {
  'idtoken.nonce=other': (claims) => assert.ok(claims.nonce !== undefined && claims.nonce !== NONCE),
  'idtoken.nonce=absent': (claims) => assert.equal('nonce' in claims, false),
  'idtoken.iss=other-host': (claims) => assert.equal(claims.iss, `https://login.evil.example/${CONTOSO}/v2.0`),
  'idtoken.iss=other-tenant': (claims) => {
    assert.match(String(claims.iss), new RegExp(`^${emulator.origin}/[0-9a-f-]{36}/v2\\.0$`))
    assert.ok(!String(claims.iss).includes(CONTOSO))
  },
  'idtoken.iss=v1': (claims) => assert.equal(claims.iss, `https://sts.windows.net/${CONTOSO}/`),
  'idtoken.iss=trailing-slash': (claims) => assert.equal(claims.iss, `${emulator.origin}/${CONTOSO}/v2.0/`),
  'idtoken.tid=other': (claims) => assert.ok(claims.tid !== CONTOSO && /^[0-9a-f-]{36}$/.test(String(claims.tid))),
  'idtoken.tid=common': (claims) => assert.equal(claims.tid, 'common'),
  'idtoken.tid=array': (claims) => assert.deepEqual(claims.tid, [CONTOSO]),
  'idtoken.tid=absent': (claims) => assert.equal('tid' in claims, false),
  'idtoken.tid=personal': (claims) => {
    assert.equal(claims.tid, PERSONAL)
    assert.equal(claims.iss, `${emulator.origin}/${PERSONAL}/v2.0`)
  },
  'idtoken.iss=absent': (claims) => assert.equal('iss' in claims, false),
  'idtoken.sub=absent': (claims) => assert.equal('sub' in claims, false),
  'idtoken.aud=absent': (claims) => assert.equal('aud' in claims, false),
  'idtoken.azp=other': (claims) => assert.ok(claims.azp !== APP && claims.aud === APP),
  'idtoken.exp=absent': (claims) => assert.equal('exp' in claims, false),
  'idtoken.iat=absent': (claims) => assert.equal('iat' in claims, false),
  'idtoken.iat=future': (claims, now) => assert.ok(Number(claims.iat) > now + 300),
  'idtoken.at_hash=wrong': (claims) => assert.match(String(claims.at_hash), /^[\w-]{22}$/),
  'idtoken.c_hash=wrong': (claims) => assert.match(String(claims.c_hash), /^[\w-]{22}$/),
  'idtoken.ver=1.0': (claims) => assert.equal(claims.ver, '1.0'),
  'idtoken.oid=absent': (claims) => assert.equal('oid' in claims, false),
  'idtoken.aud=other': (claims) => assert.notEqual(claims.aud, APP),
  'idtoken.aud=extra': (claims) =>
    assert.ok(Array.isArray(claims.aud) && claims.aud.length === 2 && claims.aud[0] === APP),
  'idtoken.exp=past': (claims, now) => assert.ok(Number(claims.exp) < now - 300),
  'idtoken.nbf=future': (claims, now) => assert.ok(Number(claims.nbf) > now + 300),
}
const TIMES: readonly Word[] = ['idtoken.exp=past', 'idtoken.nbf=future']

for (const word of WORDS.filter((candidate) => candidate in ID_TOKEN))
  test(`${word} changes that and nothing else`, async () => {
    emulator.mischief.say(word)
    const { id_token: token } = await signedIn()
    ID_TOKEN[word]?.(decodeJwt(token), emulator.clock.now().getTime() / 1000)
    assert.equal(await verifies(token), !TIMES.includes(word), 'the signature is good')
    emulator.mischief.clear()
    const clean = decodeJwt((await signedIn()).id_token)
    assert.deepEqual(
      [clean.tid, clean.nonce, clean.aud, clean.iss],
      [CONTOSO, NONCE, APP, `${emulator.origin}/${CONTOSO}/v2.0`],
    )
  })

/** What stands in the header under each word about the signature. */
const SIGNATURES: Partial<Record<Word, { alg: string; kid: 'ours' | 'unknown' | 'none' }>> = {
  'idtoken.sig=none': { alg: 'none', kid: 'none' },
  'idtoken.sig=stripped': { alg: 'RS256', kid: 'ours' },
  'idtoken.sig=hs256': { alg: 'HS256', kid: 'ours' },
  'idtoken.sig=hs256-secret': { alg: 'HS256', kid: 'ours' },
  'idtoken.sig=es256': { alg: 'ES256', kid: 'ours' },
  'idtoken.sig=wrong': { alg: 'RS256', kid: 'ours' },
  'idtoken.sig=unknown-kid': { alg: 'RS256', kid: 'unknown' },
  'idtoken.sig=no-kid': { alg: 'RS256', kid: 'none' },
  'idtoken.sig=own-jwk': { alg: 'RS256', kid: 'none' },
  'idtoken.sig=own-jku': { alg: 'RS256', kid: 'ours' },
  'idtoken.sig=crit': { alg: 'RS256', kid: 'ours' },
}

for (const [word, { alg, kid }] of Object.entries(SIGNATURES))
  test(`${word}: a signature that a client must not take`, async () => {
    const { body } = await ask(emulator, '/common/discovery/v2.0/keys')
    const published = (body.keys as { kid: string }[]).map((key) => key.kid)
    emulator.mischief.say(word as Word)
    const { id_token: token } = await signedIn()
    const header = decodeProtectedHeader(token)
    assert.equal(header.alg, alg)
    const found = header.kid === undefined ? 'none' : published.includes(header.kid) ? 'ours' : 'unknown'
    assert.equal(found, kid)
    assert.equal(await verifies(token), false)
    if (word === 'idtoken.sig=own-jwk') {
      const { key, protectedHeader } = await jwtVerify(token, EmbeddedJWK).then((verified) => verified)
      assert.ok(key && protectedHeader.jwk, 'whoever trusts the key inside is taken in')
    }
    if (word === 'idtoken.sig=own-jku') assert.match(String(header.jku), /evil\.example/)
    if (word === 'idtoken.sig=hs256-secret')
      await jwtVerify(token, new TextEncoder().encode(SECRET), { currentDate: emulator.clock.now() })
    assert.equal(decodeJwt(token).nonce, NONCE)
  })

test('accesstoken.tid=other: the user’s access token names another tenant', async () => {
  emulator.mischief.say('accesstoken.tid=other')
  const { access_token, id_token } = await signedIn()
  assert.notEqual(decodeJwt(access_token).tid, CONTOSO)
  assert.equal(decodeJwt(id_token).tid, CONTOSO)
})

test('accesstoken.aio=long: a user’s access token as long as Microsoft’s get', async () => {
  const { access_token: usual } = await signedIn()
  emulator.mischief.say('accesstoken.aio=long')
  const { access_token: long } = await signedIn()
  assert.ok(long.length > 2_590 && long.length <= 2_600, `${long.length}`)
  assert.equal(await verifies(long), true)
  const { aio, ...claims } = decodeJwt(long)
  assert.ok(typeof aio === 'string' && aio.length > 500)
  assert.deepEqual(Object.keys(claims), Object.keys(decodeJwt(usual)))
})

test('apptoken.roles=absent: a token that says nothing of its roles', async () => {
  assert.deepEqual(decodeJwt((await appOnly()).body.access_token).roles, ['User.Read.All'])
  emulator.mischief.say('apptoken.roles=absent')
  assert.equal('roles' in decodeJwt((await appOnly()).body.access_token), false)
})

test('apptoken.swap: another tenant’s token, T14', async () => {
  emulator.mischief.say('apptoken.swap')
  const claims = decodeJwt((await appOnly()).body.access_token)
  assert.ok([ISV, FABRIKAM].includes(String(claims.tid)))
  assert.equal(claims.iss, `https://sts.windows.net/${claims.tid}/`)
  emulator.mischief.set([{ word: 'apptoken.swap', probability: 0.1 }], 3)
  const tenants = []
  for (let call = 0; call < 60; call += 1)
    tenants.push(decodeJwt((await appOnly()).body.access_token).tid === CONTOSO ? '.' : 'x')
  assert.match(tenants.join(''), /^\.+x/, 'now and then')
  assert.ok(tenants.filter((tenant) => tenant === 'x').length < 20)
})

test('apptoken.aud=other: a token for somebody else', async () => {
  emulator.mischief.say('apptoken.aud=other')
  assert.equal(decodeJwt((await appOnly()).body.access_token).aud, 'https://management.azure.com')
})

test('authorize.stripChallenge: the code is no longer bound to its verifier, and a verifier betrays it', async () => {
  emulator.mischief.say('authorize.stripChallenge')
  const challenge = {
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
  }
  const code = (await authorize(challenge)).url.searchParams.get('code')
  assert.deepEqual((await redeem(code, { code_verifier: VERIFIER })).body.error_codes, [50148])
})

test('authorize.iss=other: the answer names another issuer', async () => {
  assert.equal((await authorize()).url.searchParams.has('iss'), false)
  emulator.mischief.say('authorize.iss=other')
  assert.equal((await authorize()).url.searchParams.get('iss'), 'https://login.evil.example/v2.0')
})

test('authorize.state=other|absent: the answer is to nobody’s question', async () => {
  const stateOf = async () => (await authorize({ state: 'my-state' })).url.searchParams.get('state')
  assert.equal(await stateOf(), 'my-state')
  emulator.mischief.say('authorize.state=other')
  assert.match(String(await stateOf()), /^[0-9a-f-]{36}$/)
  emulator.mischief.clear()
  emulator.mischief.say('authorize.state=absent')
  assert.equal(await stateOf(), null)
})

test('discovery.tokenEndpoint=foreign, discovery.jwksUri=foreign and discovery.issuer=wrong poison the configuration', async () => {
  emulator.mischief.say('discovery.tokenEndpoint=foreign', 'discovery.jwksUri=foreign', 'discovery.issuer=wrong')
  const { body } = await ask(emulator, `/${CONTOSO}/v2.0/.well-known/openid-configuration`)
  assert.equal(new URL(body.token_endpoint).hostname, 'login.evil.example')
  assert.equal(new URL(body.jwks_uri).hostname, 'login.evil.example')
  assert.equal(body.issuer, 'https://login.evil.example/v2.0')
})

test('S13 jwks.keys=decoys|none|one and jwks.issuer=other: what is published is not what signs', async () => {
  const keys = async () => {
    const { body } = await ask(emulator, '/common/discovery/v2.0/keys')
    return body.keys as { kid?: string; kty: string; issuer?: string }[]
  }
  const plain = await keys()
  const { kid } = decodeProtectedHeader((await signedIn()).id_token)
  emulator.mischief.say('jwks.keys=decoys')
  const decoyed = await keys()
  assert.deepEqual(decoyed.slice(-plain.length), plain)
  assert.deepEqual(new Set(decoyed.map(({ kty }) => kty)), new Set(['EC', 'oct', 'RSA', 'made-up']))
  assert.equal(await verifies((await signedIn()).id_token), true, 'who steps over them is well')
  emulator.mischief.clear()
  emulator.mischief.say('jwks.keys=none')
  assert.equal(
    (await keys()).some((key) => key.kid === kid),
    false,
  )
  emulator.mischief.clear()
  emulator.mischief.say('jwks.keys=one')
  assert.deepEqual(
    (await keys()).map((key) => key.kid),
    [kid],
  )
  emulator.mischief.clear()
  emulator.mischief.say('jwks.issuer=other')
  assert.match(String((await keys())[0]?.issuer), /evil\.example/)
})

test('every word is tried above', () => {
  // Graph's own are tried with Graph.
  const ours = WORDS.filter((word) => !word.startsWith('graph.'))
  const source = readFileSync(import.meta.filename, 'utf8')
  const titles = [...source.matchAll(/test\(\s*['`]([^'`]+)['`]/g)].map(([, title = '']) => title).join(' ')
  const tried = (word: Word) => {
    if (word in ID_TOKEN || word in SIGNATURES) return true
    const [stem = '', value] = word.split('=')
    return titles.includes(stem) && (value === undefined || new RegExp(`[=|]${value}\\b`).test(titles))
  }
  assert.deepEqual(
    ours.filter((word) => !tried(word)),
    [],
  )
})

test('an answer takes the place of the real one, at each place, and is counted', async () => {
  const answer = { status: 503, headers: { 'retry-after': '7' }, body: '{"error":"temporarily_unavailable"}' }
  emulator.mischief.once({ at: 'token', answer })
  const struck = await appOnly()
  assert.equal(struck.status, 503)
  assert.equal(struck.headers.get('retry-after'), '7')
  assert.equal(struck.text, answer.body)
  assert.equal((await appOnly()).status, 200)

  emulator.mischief.set([
    { at: 'jwks', answer: { status: 500 } },
    { at: 'discovery', answer: { status: 502 } },
    { at: 'authorize', answer: { status: 504 } },
  ])
  assert.equal((await ask(emulator, '/common/discovery/v2.0/keys')).status, 500)
  assert.equal((await ask(emulator, `/${CONTOSO}/v2.0/.well-known/openid-configuration`)).status, 502)
  assert.equal((await ask(emulator, '/common/oauth2/v2.0/authorize')).status, 504)
  assert.equal((await appOnly()).status, 200)
})

test('any AADSTS code can be had: its status, error, suberror and challenge', async () => {
  const refused = async (aadsts: number) => {
    emulator.mischief.once({ at: 'token', aadsts })
    const { status, body } = await appOnly()
    assert.deepEqual(body.error_codes, [aadsts])
    assert.match(body.timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/)
    for (const said of [body.timestamp, body.trace_id, body.correlation_id])
      assert.ok(body.error_description.includes(said), body.error_description)
    return [status, body.error, body.suberror, typeof body.claims]
  }
  assert.deepEqual(await refused(90033), [503, 'temporarily_unavailable', undefined, 'undefined'])
  assert.deepEqual(await refused(53003), [400, 'invalid_grant', 'message_only', 'string'])
  assert.deepEqual(await refused(50076), [400, 'invalid_grant', 'basic_action', 'string'])
  assert.deepEqual(await refused(700016), [400, 'unauthorized_client', undefined, 'undefined'])
  assert.deepEqual(await refused(123456), [400, 'invalid_request', undefined, 'undefined'])
  assert.equal((await appOnly()).status, 200)
})

test('rules choose by tenant, app, method, path, nth and times', async () => {
  const refuse = { status: 429 }
  emulator.mischief.set([{ at: 'token', match: { tenant: ISV }, answer: refuse }])
  assert.deepEqual([(await appOnly(CONTOSO)).status, (await appOnly(ISV)).status], [200, 429])
  emulator.mischief.set([
    { at: 'token', match: { app: APP.toUpperCase(), method: 'post' }, nth: 2, times: 2, answer: refuse },
  ])
  const statuses = []
  for (let call = 0; call < 5; call += 1) statuses.push((await appOnly()).status)
  assert.deepEqual(statuses, [200, 429, 429, 200, 200])
  emulator.mischief.set([{ at: 'token', match: { path: '/oauth2/token$' }, answer: refuse }])
  assert.equal((await appOnly()).status, 200)
})

test('with the same seed the same requests are struck', async () => {
  const seenOf = async () => {
    const seen = []
    for (let call = 0; call < 24; call += 1)
      seen.push((await ask(emulator, '/common/v2.0/.well-known/openid-configuration')).status)
    return seen.join()
  }
  const run = (seed: number) => {
    emulator.mischief.set([{ at: 'discovery', probability: 0.5, answer: { status: 500 } }], seed)
    return seenOf()
  }
  const afterReset = () => {
    emulator.reset()
    emulator.mischief.add({ at: 'discovery', probability: 0.5, answer: { status: 500 } })
    return seenOf()
  }
  assert.equal(await afterReset(), await afterReset(), 'a reset begins anew')
  const [first, second, third] = [await run(7), await run(7), await run(8)]
  assert.equal(first, second)
  assert.notEqual(first, third)
  assert.match(first, /200/)
  assert.match(first, /500/)
})

test('reset, truncate and commitThenDrop cut the connection before, in and after', async () => {
  emulator.mischief.once({ at: 'token', reset: true })
  await assert.rejects(appOnly(), /fetch failed/)
  emulator.mischief.once({ at: 'token', truncate: 20 })
  await assert.rejects(appOnly(), /terminated/)

  const code = (await authorize()).url.searchParams.get('code')
  emulator.mischief.once({ at: 'token', commitThenDrop: true })
  await assert.rejects(redeem(code), /fetch failed/)
  assert.deepEqual((await redeem(code)).body.error_codes, [54005], 'it had been carried out')
  const reasons = emulator.requests.list({ path: '/token$' }).map(({ reason }) => reason?.split(':')[0])
  assert.deepEqual(reasons, ['mischief', 'mischief', 'mischief', 'AADSTS54005'])
})

test('a delay holds the answer back, and closing does not wait for it', async () => {
  await using slow = await startEmulator({ estate: testEstate() })
  slow.mischief.add({ at: 'token', delayMs: 3_600_000 })
  const pending = askToken(slow, CONTOSO, {}).then(
    () => 'answered',
    () => 'cut',
  )
  const winner = await Promise.race([pending, new Promise((resolve) => setImmediate(resolve, 'waiting'))])
  assert.equal(winner, 'waiting')
  await slow.close()
  assert.ok(await pending)
})

test('S13 G06 the true answer with another body: empty, html, half, utf-16, huge, gzip-bomb', async () => {
  const keysUnder = async (body: RuleInput['body']) => {
    emulator.mischief.once({ at: 'jwks', body })
    const raw = await rawAnswer(emulator, '/common/discovery/v2.0/keys')
    return { ...raw, text: raw.body.toString() }
  }
  const plain = await ask(emulator, '/common/discovery/v2.0/keys')
  assert.equal((await keysUnder('empty')).text, '')
  const html = await keysUnder('html')
  assert.deepEqual([html.status, html.headers['content-type']], [200, 'text/html; charset=utf-8'])
  assert.match(html.text, /<h1>/)
  const half = await keysUnder('half')
  assert.ok(plain.text.startsWith(half.text) && half.text.length < plain.text.length)
  assert.equal(half.headers['content-type'], plain.headers.get('content-type'))
  assert.ok((await keysUnder('utf-16')).text.includes('\u0000'))
  const huge = await keysUnder('huge')
  assert.equal(huge.text.length, 10 * 1024 * 1024)
  assert.deepEqual(JSON.parse(huge.text), plain.body, 'and means the same')
  emulator.mischief.once({ at: 'jwks', body: 'gzip-bomb' })
  const bomb = await rawAnswer(emulator, '/common/discovery/v2.0/keys')
  assert.equal(bomb.headers['content-encoding'], 'gzip')
  assert.ok(bomb.body.length < 2 * 1024 * 1024)
  assert.equal(unzippedLength(bomb.body), 1024 ** 3)
  const reasons = emulator.requests.list({ path: '/keys$' }).flatMap(({ reason }) => reason ?? [])
  assert.deepEqual(reasons[0], 'mischief: another body (empty)')
  assert.equal(reasons.length, 6)
})

test('S13 G06 drip, stall and hang: slow, half an answer, and none, on a connection that stays open', async () => {
  emulator.mischief.once({ at: 'discovery', drip: { bytes: 300, everyMs: 1 } })
  const path = '/common/v2.0/.well-known/openid-configuration'
  const dripped = await rawAnswer(emulator, path)
  assert.ok(dripped.pieces > 3, `${dripped.pieces} pieces`)
  assert.ok(JSON.parse(dripped.body.toString()).issuer)

  emulator.mischief.once({ at: 'discovery', stall: 100 })
  const stalled = await openAnswer(emulator, path)
  assert.equal((await stalled.read()).length, 100)
  assert.equal(stalled.isOpen(), true)
  stalled.hangUp()

  emulator.mischief.once({ at: 'discovery', hang: true })
  const silent = openAnswer(emulator, path)
  await until(
    'the log has it',
    () => emulator.requests.list({ path: 'openid-configuration$' }).at(-1)?.reason === 'mischief: never answers',
  )
  const winner = await Promise.race([silent, new Promise((resolve) => setImmediate(resolve, 'waiting'))])
  assert.equal(winner, 'waiting')
  silent.catch(() => {})
})

test('afterwards: it is carried out, and then refused all the same', async () => {
  const code = (await authorize()).url.searchParams.get('code')
  emulator.mischief.once({ at: 'token', answer: { status: 503, afterwards: true } })
  assert.equal((await redeem(code)).status, 503)
  assert.deepEqual((await redeem(code)).body.error_codes, [54005])
})

test('rules choose by host, with or without its port', async () => {
  const { host } = new URL(emulator.origin)
  const path = '/common/v2.0/.well-known/openid-configuration'
  for (const [named, status] of [
    ['LOCALHOST', 500],
    [host, 500],
    ['login.microsoftonline.com', 200],
  ] as const) {
    emulator.mischief.set([{ at: 'discovery', match: { host: named }, answer: { status: 500 } }])
    assert.equal((await ask(emulator, path)).status, status, named)
  }
})

test('a rule that means nothing is refused in words', () => {
  const add = (rule: object) => () => emulator.mischief.add(rule as never)
  assert.throws(add({ at: 'token' }), /what happens/)
  assert.throws(add({ answer: { status: 500 } }), /needs a place/)
  assert.throws(add({ at: 'graph', word: 'idtoken.sig=none' }), /takes effect at idtoken/)
  assert.throws(add({ word: 'idtoken.sig=none', reset: true }), /make two rules/)
  assert.throws(add({ at: 'token', nextLink: 'https://evil.example' }), /graph only/)
  assert.throws(add({ at: 'idtoken', reset: true }), /only a word/)
  assert.throws(add({ at: 'graph', aadsts: 90033 }), /at token only/)
  assert.throws(add({ at: 'graph', reset: true, hang: true }), /two ways/)
  assert.throws(add({ word: 'idtoken.sig=none', match: { path: 'x' } }), /only tenant and app/)
  assert.throws(add({ at: 'token', match: { path: '(' }, reset: true }), /regular expression/)
  assert.throws(add({ at: 'token', match: { tenant: 'contoso.example' }, reset: true }), /tenant id/)
})
