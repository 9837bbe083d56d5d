import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { startEmulator } from '#emulator/index.ts'
import { FABRIKAM, graphEstate, NOBODY, withToken } from '#emulator/test/graph/support.ts'
import { askToken } from '#emulator/test/support/token.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())

const { directory } = emulator
const app = { tenant: FABRIKAM, app: NOBODY }
const permission = { ...app, permission: 'User.Read.All' }

/** What we believe of the tenant: the model that the emulator must agree with. */
type Model = { present: boolean; enabled: boolean; assigned: boolean; tokensUntilRole: number }

/** What administrators do to an application, in any order, as the emulator and the model take it. */
const ACTIONS = {
  assign: async (model: Model, lag: number) => {
    if (!model.present) return
    await directory.grantPermission(permission)
    if (!model.assigned) model.tokensUntilRole = lag
    model.assigned = true
  },
  revoke: async (model: Model) => {
    if (!model.present) return
    await directory.revokePermission(permission)
    model.assigned = false
  },
  disable: async (model: Model) => {
    if (!model.present) return
    await directory.setServicePrincipalEnabled({ ...app, enabled: false })
    model.enabled = false
  },
  enable: async (model: Model) => {
    if (!model.present) return
    await directory.setServicePrincipalEnabled({ ...app, enabled: true })
    model.enabled = true
  },
  remove: async (model: Model) => {
    if (!model.present) return
    await directory.deleteServicePrincipal(app)
    Object.assign(model, { present: false, assigned: false })
  },
  add: async (model: Model) => {
    await directory.addServicePrincipal(app)
    if (!model.present) Object.assign(model, { present: true, enabled: true, assigned: false })
  },
  /** An hour and a half: every token that was issued is dead, which changes nothing for the next. */
  wait: async () => {
    emulator.clock.advance({ minutes: 90 })
  },
  fault: async () => {
    emulator.mischief.once({ at: 'graph', match: { app: NOBODY }, answer: { status: 503 } })
  },
} as const
type Action = keyof typeof ACTIONS

/** One app-only call from the beginning: a new token, then users; a passing fault is tried again. */
async function canRead(): Promise<boolean> {
  const token = await askToken(emulator, FABRIKAM, {
    grant_type: 'client_credentials',
    client_id: NOBODY,
    client_secret: 'a-secret-of-the-tests',
    scope: 'https://graph.microsoft.com/.default',
  })
  if (token.status !== 200) return false
  const ask = withToken(emulator, String(token.body.access_token))
  for (;;) {
    const { status } = await ask('/users?$top=1&$select=id')
    if (status !== 503) return status === 200
  }
}

test('an app-only call succeeds if and only if the role is assigned, the principal is there and enabled, and lag has passed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...(Object.keys(ACTIONS) as Action[])), { minLength: 1, maxLength: 14 }),
      fc.nat({ max: 2 }),
      async (actions, lag) => {
        emulator.reset()
        emulator.lag.set({ assignmentTokens: lag })
        const model: Model = { present: true, enabled: true, assigned: false, tokensUntilRole: 0 }
        for (const action of actions) {
          // Assignments made in one millisecond are one to the lag; time goes on between an administrator's clicks.
          emulator.clock.advance({ seconds: 1 })
          await ACTIONS[action](model, lag)
          const issued = model.present && model.enabled
          const expected = issued && model.assigned && model.tokensUntilRole === 0
          if (issued && model.assigned && model.tokensUntilRole > 0) model.tokensUntilRole -= 1
          assert.equal(await canRead(), expected, `after ${action} of ${actions.join(', ')} with lag ${lag}`)
        }
      },
    ),
    { numRuns: 30 },
  )
})
