import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SignJWT } from 'jose'
import { censor, openLog } from '#base/log.ts'
import { Problem } from '#model/problem.ts'
import { aDiagnosis } from '#test/support/made-up.ts'

const TOKEN = await new SignJWT({ tid: 'canary', roles: ['User.Read.All'] })
  .setProtectedHeader({ alg: 'HS256', kid: 'k' })
  .sign(new Uint8Array(32))
const CANARY = 'Canary-9d41~Q.secret_'

/** Everything that was written while `work` logged. */
function written(work: (log: ReturnType<typeof openLog>) => void): string {
  const lines: string[] = []
  work(openLog('trace', { write: (line) => void lines.push(line) }))
  return lines.join('')
}
const holdsNothing = (text: string) => {
  assert.notEqual(text, '', 'something was written')
  assert.ok(!text.includes(CANARY), text)
  assert.ok(!text.includes(TOKEN.split('.')[1] ?? TOKEN), text)
}

const SECRET_KEYS = [
  'access_token',
  'refresh_token',
  'id_token',
  'client_secret',
  'client_assertion',
  'code_verifier',
  'verifier',
  'password',
  'secret',
  'assertion',
  'authorization',
  'cookie',
  'privateKey',
]

for (const key of SECRET_KEYS)
  test(`L01 the field ${key} is never written, at any depth that we log`, () => {
    for (const bindings of [
      { [key]: CANARY },
      { request: { [key]: CANARY } },
      { request: { headers: { [key]: CANARY } } },
    ]) {
      const line = written((log) => log.info(bindings, 'a line'))
      holdsNothing(line)
      assert.match(line, /a line/)
    }
  })

test('L01 what a job logs of other programs’ requests and addresses holds no secret either, and is told otherwise', () => {
  const body = JSON.stringify({ clientSecret: CANARY, grant: 'kept', refreshToken: CANARY })
  for (const bindings of [
    { request: { deep: { deeper: { headers: { Authorization: `Bearer ${CANARY}` } } } } },
    { request: { deep: { deeper: { headers: { Cookie: CANARY, 'set-cookie': CANARY, 'X-Api-Key': CANARY } } } } },
    {
      answer: { data: { accessToken: CANARY, secretText: CANARY, deeper: { device_code: CANARY, verifier: CANARY } } },
    },
    { failure: Object.assign(new Error('refused'), { config: { auth: { user: 'ada', password: CANARY } } }) },
    { err: new Error(`no such database in postgres://tenantry@db.example/x?password=${CANARY}&sslmode=require`) },
    { err: new Error(`refused: ${body}`) },
    { err: new Error(`Authorization: Bearer ${CANARY}`) },
    { err: new Error(`cannot reach postgres://tenantry:${CANARY}@db.example:5432/tenantry`) },
  ]) {
    const line = written((log) => log.info(bindings, 'a line'))
    holdsNothing(line)
    assert.doesNotThrow(() => JSON.parse(line), line)
  }
  assert.match(
    written((log) => log.info({ err: new Error(body) })),
    /kept/,
  )
  assert.equal(censor('http://localhost:3000/a@b Bearer of news'), 'http://localhost:3000/a@b Bearer of news')
})

test('L01 a secret is censored with every character that it has, however deep its JSON is nested, and where it is cut off', () => {
  const ends = ['', '"', '\\', '"\\', '\\"', 'a"b\\c\\\\"d']
  for (const nested of [0, 1, 2, 3])
    for (const end of ends) {
      let text = JSON.stringify({
        password: `${end}${CANARY}${end}`,
        after: 'kept',
        cookie: `${end}${CANARY}`,
        last: 1,
      })
      for (let level = 0; level < nested; level++) text = JSON.stringify({ text })
      const told = censor(text)
      holdsNothing(told)
      let inside = JSON.parse(told)
      for (let level = 0; level < nested; level++) inside = JSON.parse(inside.text)
      assert.deepEqual(inside, { password: '[censored]', after: 'kept', cookie: '[censored]', last: 1 })
      for (let cut = 1; cut < text.length; cut++) {
        const line = written((log) => log.info({ next: 'kept' }, text.slice(0, cut)))
        holdsNothing(line)
        assert.equal(JSON.parse(line).next, 'kept', line)
      }
    }
})

test('L01 a token is censored wherever it stands in a text', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const text = censor(`${before} ${TOKEN} ${after}`)
      assert.ok(!text.includes(TOKEN))
      assert.ok(text.includes('[token]'))
    }),
  )
})

for (const parameter of [
  'code',
  'client_secret',
  'client_assertion',
  'assertion',
  'code_verifier',
  'device_code',
  'refresh_token',
  'access_token',
  'id_token',
  'state',
  'nonce',
  'password',
])
  test(`L01 the parameter ${parameter} is censored in an address and in a form, its neighbours are not`, () => {
    for (const text of [
      `https://app.example/callback?tenant=fabrikam&${parameter}=${CANARY}&session=end`,
      `tenant=fabrikam&${parameter}=${CANARY}&session=end`,
      `${parameter}=${CANARY}&tenant=fabrikam&session=end`,
    ]) {
      const told = censor(text)
      assert.ok(!told.includes(CANARY), told)
      assert.match(told, /tenant=fabrikam.*session=end/)
    }
  })

test('L01 an error is written without what clients attach to it, down its causes', () => {
  const innermost = Object.assign(new Error(`POST /token?client_secret=${CANARY} failed`), {
    config: { data: CANARY },
    response: { body: TOKEN },
    request: { headers: { authorization: `Bearer ${TOKEN}` } },
  })
  const middle = new Error(`Bearer ${TOKEN}`, { cause: innermost })
  const problem = new Problem(aDiagnosis(), { cause: middle })
  for (const field of ['err', 'error']) {
    const text = written((log) => log.error({ [field]: problem }, 'it failed'))
    holdsNothing(text)
    const line = JSON.parse(text)
    assert.equal(line[field].diagnosis.code, aDiagnosis().code)
    assert.equal(line[field].cause.cause.message, 'POST /token?client_secret=[censored] failed')
  }
})

test('L01 an error that is its own cause, or no error at all, is written and ends', () => {
  const endless = new Error('again')
  endless.cause = endless
  const thrown: unknown[] = [endless, TOKEN, { toString: () => `code=${CANARY}` }, null, undefined]
  for (const error of thrown) holdsNothing(written((log) => log.warn({ err: error }, 'it failed')))
})

test('whatever somebody’s code may throw is written, and what the line says besides', () => {
  const nothing: object = Object.create(null)
  const throws = () => assert.fail('nobody is to see this')
  const strange: unknown[] = [
    nothing,
    Symbol('strange'),
    { toString: throws },
    /(?<name>a)/.exec('a')?.groups,
    new Error('of this', { cause: nothing }),
    Object.assign(new Error('with numbers'), { stack: 5, name: 6 }),
    Object.assign(new Error(''), { message: { nothing } }),
    Object.defineProperty(new Error('closed'), 'cause', { get: throws }),
  ]
  for (const err of strange) {
    const line = JSON.parse(written((log) => log.warn({ err, tenantId: 'of whom' }, 'it failed')))
    assert.deepEqual([line.tenantId, line.msg], ['of whom', 'it failed'])
    assert.equal(typeof line.err.message, 'string')
  }
})

test('L01 the text of the line itself is censored, and fields that nobody thought of', () => {
  holdsNothing(written((log) => log.info(`sent Bearer ${TOKEN} with client_secret=${CANARY}`)))
  const text = written((log) =>
    log.info({ url: `/callback?code=${CANARY}`, quoted: `"code=${CANARY}" \\`, TOKEN }, 'seen'),
  )
  holdsNothing(text)
  assert.deepEqual(
    { ...JSON.parse(text), time: null },
    {
      level: 'info',
      time: null,
      url: '/callback?code=[censored]',
      quoted: '"code=[censored]" \\',
      TOKEN: '[token]',
      msg: 'seen',
    },
  )
})

test('S16 a line stays one line, whatever a name holds', () => {
  const text = written((log) => log.info({ displayName: 'Eve\n{"level":"fatal","msg":"forged"}\u2028' }, 'signed up'))
  assert.equal(text.trimEnd().split('\n').length, 1)
  assert.equal(JSON.parse(text).msg, 'signed up')
})
