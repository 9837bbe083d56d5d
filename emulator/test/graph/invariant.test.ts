import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { decodeJwt } from 'jose'
import { type EstateInput, type RuleInput, startEmulator } from '#emulator/index.ts'
import { type Answer, CONTOSO, FABRIKAM, graphEstate, NOBODY, withToken } from '#emulator/test/graph/support.ts'
import { openBrowser, signIn } from '#emulator/test/support/browser.ts'

/** What the application asks for when an administrator consents, and what each role opens. */
const OPENS = {
  'User.Read.All': '/users?$top=1&$select=id',
  'Group.Read.All': '/groups?$top=1&$select=id',
  'Application.Read.All': '/servicePrincipals?$top=1&$select=id',
} as const
type Role = keyof typeof OPENS
const ROLES = Object.keys(OPENS) as Role[]
const TENANTS = [FABRIKAM, CONTOSO] as const
type Tenant = (typeof TENANTS)[number]
const CONSENTED: readonly Role[] = ['User.Read.All', 'Group.Read.All']

const estate: EstateInput = {
  ...graphEstate,
  applications: (graphEstate.applications ?? []).map((application) =>
    application.appId === NOBODY
      ? { ...application, requiredPermissions: { delegated: ['User.Read'], application: [...CONSENTED] } }
      : application,
  ),
}
const emulator = await startEmulator({ estate })
after(() => emulator.close())
const { directory } = emulator

/** What we believe of the application in one tenant: the model that the emulator must agree with. */
type Model = {
  /** Counts its lives: each has another object id; 0: it is not there. */
  life: number
  /** Deleted, restorable lives with what they held, the last last. */
  graves: { life: number; roles: Set<Role>; enabled: boolean }[]
  enabled: boolean
  roles: Set<Role>
  /** A token that worked, and what it holds: a snapshot that lives on while its principal does. */
  kept: { token: string; life: number; roles: Set<Role>; until: number } | null
}
const newborn = (): Model => ({ life: 1, graves: [], enabled: true, roles: new Set(), kept: null })
let lives = 1

/** What administrators do to an application, in any order. What cannot be done where it is changes nothing. */
const ACTIONS = {
  async assign(tenant: Tenant, model: Model, role: Role) {
    if (model.life === 0) return
    await directory.grantPermission({ tenant, app: NOBODY, permission: role })
    model.roles.add(role)
  },
  async revoke(tenant: Tenant, model: Model, role: Role) {
    if (model.life === 0) return
    await directory.revokePermission({ tenant, app: NOBODY, permission: role })
    model.roles.delete(role)
  },
  async disable(tenant: Tenant, model: Model) {
    if (model.life === 0) return
    await directory.setServicePrincipalEnabled({ tenant, app: NOBODY, enabled: false })
    model.enabled = false
  },
  async enable(tenant: Tenant, model: Model) {
    if (model.life === 0) return
    await directory.setServicePrincipalEnabled({ tenant, app: NOBODY, enabled: true })
    model.enabled = true
  },
  async delete(tenant: Tenant, model: Model) {
    if (model.life === 0) return
    await directory.deleteServicePrincipal({ tenant, app: NOBODY })
    model.graves.push({ life: model.life, roles: model.roles, enabled: model.enabled })
    Object.assign(model, { life: 0, roles: new Set() })
  },
  async restore(tenant: Tenant, model: Model) {
    const wanted = model.life === 0 ? model.graves.pop() : undefined
    const done = await directory.restoreServicePrincipal({ tenant, app: NOBODY })
    assert.equal(done, wanted !== undefined, 'it comes back where it is gone, and nowhere else')
    if (wanted) Object.assign(model, wanted)
  },
  async add(tenant: Tenant, model: Model) {
    await directory.addServicePrincipal({ tenant, app: NOBODY })
    if (model.life === 0) Object.assign(model, { life: ++lives, enabled: true, roles: new Set() })
  },
  /** Through the pages: makes the application present, and gives it all that it asks for. */
  async consent(tenant: Tenant, model: Model) {
    const domain = tenant === FABRIKAM ? 'fabrikam.example' : 'contoso.example'
    const asked = new URLSearchParams({
      client_id: NOBODY,
      redirect_uri: 'http://localhost:3999/callback',
      scope: 'https://graph.microsoft.com/.default',
      state: 's',
    })
    const browser = openBrowser(emulator)
    const page = await signIn(browser, `${emulator.browserOrigin}/${tenant}/v2.0/adminconsent?${asked}`, {
      username: `grace@${domain}`,
    })
    const back = await browser.press(page, { action: 'accept' })
    assert.equal(back.url.searchParams.get('error'), null, back.url.href)
    if (model.life === 0) Object.assign(model, { life: ++lives, enabled: true, roles: new Set() })
    // Consenting again replaces what held for everybody; app roles given otherwise stay.
    for (const role of CONSENTED) model.roles.add(role)
  },
  /** An hour and a half: every token that was issued is dead. */
  async wait() {
    emulator.clock.advance({ minutes: 90 })
  },
} as const
type Action = keyof typeof ACTIONS

const json = (code: string) => JSON.stringify({ error: { code, message: '' } })
/** Faults that pass: each strikes once, at one of the two doors. */
const FAULTS = [
  { at: 'graph', answer: { status: 503 } },
  { at: 'graph', answer: { status: 429, headers: { 'retry-after': '1' }, body: json('TooManyRequests') } },
  { at: 'graph', answer: { status: 500, body: json('generalException') } },
  { at: 'graph', reset: true },
  { at: 'graph', truncate: 40 },
  { at: 'graph', commitThenDrop: true },
  { at: 'token', answer: { status: 503 } },
  { at: 'token', aadsts: 90033 },
  { at: 'token', reset: true },
  { at: 'token', truncate: 40 },
  { at: 'apptoken', word: 'apptoken.swap' },
] as const satisfies readonly RuleInput[]

/** Asks until it is told something that is not a passing fault. */
async function patiently<Told extends Pick<Answer, 'status'>>(ask: () => Promise<Told>): Promise<Told> {
  for (;;) {
    const told = await ask().catch(() => null)
    if (told && told.status < 500 && told.status !== 429) return told
  }
}

const credentials = new URLSearchParams({
  grant_type: 'client_credentials',
  client_id: NOBODY,
  client_secret: 'a-secret-of-the-tests',
  scope: 'https://graph.microsoft.com/.default',
})

/** A token of this tenant and no other, or null when there is none. */
async function tokenFor(tenant: Tenant): Promise<string | null> {
  for (;;) {
    const told = await patiently(() =>
      withToken(emulator, null)(`${emulator.origin}/${tenant}/oauth2/v2.0/token`, {
        body: String(credentials),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    )
    if (told.status !== 200) return null
    const token = String(told.body.access_token)
    if (decodeJwt(token).tid === tenant) return token
  }
}

/** App-only calls from the beginning: a new token, then what each role opens. */
async function attempt(tenant: Tenant, roles: readonly Role[]): Promise<{ token: string | null; reached: Set<Role> }> {
  const token = await tokenFor(tenant)
  const reached = new Set<Role>()
  if (token === null) return { token, reached }
  for (const role of roles)
    if ((await patiently(() => withToken(emulator, token)(OPENS[role]))).status === 200) reached.add(role)
  return { token, reached }
}

const MAX_LAG = 2
type Lag = Parameters<typeof emulator.lag.set>[0]

/** Each kind of lag hides for as many questions as it is set to; when two replicas take turns, for twice as many. */
function triesNeeded({ consistency, seed, ...counts }: Lag): number {
  if (consistency === 'strong') return 1
  const questions = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return 1 + (consistency === 'adversarial' && seed === null ? 2 : 1) * questions
}

/** What must not be reached never is; what must be is, at once without lag, and else when lag has passed. */
async function check(tenant: Tenant, model: Model, tries: number, story: string): Promise<void> {
  const due = model.life > 0 && model.enabled ? model.roles : new Set<Role>()
  let last = await attempt(tenant, ROLES)
  for (let tried = 1; ; tried++) {
    for (const role of last.reached) assert.ok(due.has(role), `${role} was reached in ${tenant} ${story}`)
    if (last.reached.size === due.size) break
    assert.ok(tried < tries, `${[...due]} is due in ${tenant}, ${[...last.reached]} was reached ${story}`)
    last = await attempt(tenant, ROLES)
  }
  if (model.life === 0 || !model.enabled) assert.equal(last.token, null, `a token for nobody in ${tenant} ${story}`)
  await checkKept(model, story)
  if (last.token !== null && due.size > 0)
    model.kept = {
      token: last.token,
      life: model.life,
      roles: new Set(due),
      until: Number(decodeJwt(last.token).exp),
    }
}

/** An old token says what was: it opens that until it runs out, as long as its principal is there and enabled. */
async function checkKept({ kept, life, enabled }: Model, story: string): Promise<void> {
  if (!kept) return
  const isGood = kept.life === life && enabled && kept.until > emulator.clock.now().getTime() / 1000
  for (const role of kept.roles) {
    const answer: Answer = await patiently(() => withToken(emulator, kept.token)(OPENS[role]))
    assert.equal(answer.status, isGood ? 200 : 401, `the kept token and ${role} ${story}`)
  }
}

const step = fc.record({
  tenant: fc.constantFrom(...TENANTS),
  // What fills and what ends a life comes oftener than what changes nothing.
  action: fc.constantFrom<Action[]>('assign', 'delete', 'restore', ...(Object.keys(ACTIONS) as Action[])),
  role: fc.constantFrom(...ROLES),
  faults: fc.array(fc.constantFrom(...FAULTS), { maxLength: 3 }),
})
const lag = fc.record({
  consistency: fc.constantFrom('strong', 'bounded', 'adversarial'),
  servicePrincipalTokens: fc.nat({ max: MAX_LAG }),
  assignmentTokens: fc.nat({ max: MAX_LAG }),
  assignmentChecks: fc.constantFrom(0, 0, 1),
  seed: fc.oneof(fc.constant(null), fc.nat({ max: 1_000 })),
})

test('an app-only call succeeds if and only if the role is assigned, the principal is there and enabled, and lag has passed', async (t) => {
  const seed = Number(process.env.PROPERTY_SEED ?? randomInt(2 ** 31))
  t.diagnostic(`PROPERTY_SEED=${seed} runs these again`)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), lag, async (steps, settings) => {
      emulator.reset()
      emulator.lag.set(settings)
      lives = 1
      const models = new Map<Tenant, Model>(TENANTS.map((tenant) => [tenant, newborn()]))
      const story: string[] = []
      for (const { tenant, action, role, faults } of steps) {
        // Assignments made in one millisecond are one to the lag; time goes on between an administrator's clicks.
        emulator.clock.advance({ seconds: 1 })
        story.push(`${action} ${role} in ${tenant === FABRIKAM ? 'Fabrikam' : 'Contoso'}`)
        await ACTIONS[action](tenant, models.get(tenant) as Model, role)
        emulator.mischief.set(faults.map((fault) => ({ ...fault, match: { app: NOBODY }, times: 1 })))
        for (const each of TENANTS)
          await check(each, models.get(each) as Model, triesNeeded(settings), `after ${story.join(', ')}`)
        emulator.mischief.clear()
      }
    }),
    { numRuns: 16, seed },
  )
})
