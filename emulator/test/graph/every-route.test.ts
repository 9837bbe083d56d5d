import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { ROUTES } from '#emulator/graph/routes.ts'
import { startEmulator } from '#emulator/index.ts'
import { PAGES, UNCONFIRMED_PAGES } from '#emulator/test/graph/permission-pages.ts'
import {
  type Ask,
  asApp,
  asUser,
  FABRIKAM,
  graphEstate,
  NOBODY,
  PORTAL,
  principalId,
  WRITER,
} from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())

type Line = { route: string; app: readonly string[]; user: readonly string[] }
const LINES: readonly Line[] = PAGES.flatMap(({ routes, app, user = app }) =>
  routes.split(', ').map((route) => ({ route, app, user })),
)

/** What each route asks is a token that holds one of its alternatives. */
const opens = (alternatives: readonly string[], held: readonly string[]): boolean =>
  alternatives.some((one) => one === '*' || one.split('+').every((permission) => held.includes(permission)))

/** Asks every route once, twenty in a batch, and says which are not denied. */
async function openTo(ask: Ask, lines: readonly Line[]): Promise<Set<string>> {
  const open = new Set<string>()
  for (let from = 0; from < lines.length; from += 20) {
    const some = lines.slice(from, from + 20)
    const requests = some.map(({ route }, id) => {
      const [method = '', path = ''] = route.split(' ')
      const url = path.replaceAll('{type}', 'microsoft.graph.user').replaceAll(/\{\w+\}/g, 'none')
      const hasBody = method === 'POST' || method === 'PATCH'
      return {
        id: String(id),
        method,
        url,
        headers: { ConsistencyLevel: 'eventual', ...(hasBody ? { 'Content-Type': 'application/json' } : {}) },
        ...(hasBody ? { body: {} } : {}),
      }
    })
    const { status, body, text } = await ask('/$batch', { body: { requests } })
    assert.equal(status, 200, text)
    for (const { id, status: told } of body.responses) {
      const route = some[id]?.route ?? ''
      assert.ok(![401, 429, 501].includes(told), `${route}: ${told}`)
      if (told !== 403) open.add(route)
    }
  }
  return open
}

const expected = (lines: readonly Line[], kind: 'app' | 'user', held: readonly string[]): Set<string> =>
  new Set(lines.filter((line) => opens(line[kind], held)).map(({ route }) => route))

/** Every alternative that stands somewhere, as a token that holds just that. */
const tokensFor = (kind: 'app' | 'user'): string[][] =>
  [...new Set(LINES.flatMap((line) => line[kind]))].filter((one) => one !== '*').map((one) => one.split('+'))

test('every route that is served stands on one page, and every page is served', () => {
  const served = ROUTES.map(({ method, path }) => `${method} ${path}`).sort()
  assert.deepEqual(LINES.map(({ route }) => route).sort(), served)
})

test('an application’s token opens what the page of each operation says, and nothing else', async () => {
  const lines = LINES.filter(({ route }) => !/ me(\/|$)/.test(route))
  for (const held of [[], ...tokensFor('app')]) {
    emulator.reset()
    for (const permission of held)
      await emulator.directory.grantPermission({ tenant: FABRIKAM, app: NOBODY, permission })
    const ask = await asApp(emulator, NOBODY)
    assert.deepEqual(await openTo(ask, lines), expected(lines, 'app', held), held.join(' and ') || 'nothing')
  }
})

test('a user’s token opens what the page says for users, where that differs', async () => {
  const writer = await asApp(emulator, WRITER)
  const portal = await principalId(writer, PORTAL)
  const { body } = await writer(`/servicePrincipals/${portal}/oauth2PermissionGrants`)
  const lines = LINES.filter(({ app, user }) => app !== user)
  for (const held of [[], ...tokensFor('user')]) {
    const scope = ['openid', ...held].join(' ')
    await writer(`/oauth2PermissionGrants/${body.value[0].id}`, { method: 'PATCH', body: { scope } })
    const ask = await asUser(emulator, 'grace@fabrikam.example')
    assert.deepEqual(await openTo(ask, lines), expected(lines, 'user', held), held.join(' and ') || 'nothing')
  }
})

test('an unknown path is 501 by any method, and names itself', async () => {
  const ask = await asApp(emulator, WRITER)
  for (const method of ['GET', 'POST', 'PATCH', 'PUT', 'DELETE']) {
    const answer = await ask('/planner/plans/none', { method, ...(method === 'GET' ? {} : { body: {} }) })
    assert.equal(answer.status, 501)
    assert.match(answer.body.error.message, new RegExp(`${method} /v1\\.0/planner/plans/none`))
  }
})

test('what is marked as unconfirmed is there to be marked', () => {
  const known = LINES.map(({ route }) => route)
  for (const route of UNCONFIRMED_PAGES.flatMap(({ routes }) => routes)) assert.ok(known.includes(route), route)
})
