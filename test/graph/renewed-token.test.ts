import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { request } from '#graph/request.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { CONTOSO, connect, openInstallation } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const installation = await openInstallation({ after }, { clock: hurriedClock() })
const { emulator, tools } = installation
await connect(installation, CONTOSO)
const askOnce = () => request(tools.graphAsApp(CONTOSO), { path: '/users?$top=1' })
const asked = (path: string) => emulator.requests.list({ path }).length

test('T16 a refused token is renewed once, and not again while Graph wants patience', async () => {
  emulator.requests.clear()
  emulator.mischief.once({ at: 'graph', answer: { status: 401 } })
  emulator.mischief.add({ at: 'graph', nth: 2, times: 3, answer: { status: 503 } })

  await askOnce()
  assert.equal(asked('/v1.0/users'), 5)
  assert.equal(asked('/oauth2/v2.0/token'), 1)
  emulator.mischief.clear()
})

test('T16 Graph that refuses the new token too is not asked for ever', async () => {
  emulator.requests.clear()
  emulator.mischief.add({ at: 'graph', answer: { status: 401 } })

  await refusedWith('TOKEN_REFUSED', askOnce)
  assert.equal(asked('/v1.0/users'), 2)
  assert.equal(asked('/oauth2/v2.0/token'), 1)
  emulator.mischief.clear()
})
