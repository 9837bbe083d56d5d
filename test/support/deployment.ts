import assert from 'node:assert/strict'
import { DEMO, demoEstate, type Emulator, type EstateInput, startEmulator } from '#emulator/index.ts'
import { temporaryFolder } from '#test/support/backends.ts'
import { layEmptyDatabase } from '#test/support/embedded-template.ts'
import { freePort } from '#test/support/ports.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { type Ended, type Program, runTenantry, startTenantry } from '#test/support/programs.ts'
import type { Scope } from '#test/support/suite-scope.ts'

type Settings = Readonly<Record<string, string>>

/** Tenantry as processes of its own, as an ISV runs it, with the emulator as Microsoft. */
export type Deployment = {
  emulator: Emulator
  /** Where customers come in, and where operators do. */
  landing: string
  console: string
  /** Everything that the processes read from their environment. */
  settings: Settings
  folder: string
  databaseUrl: string | null
  /** Starts `tenantry …`; stopped at the end, if it still runs. */
  start(...args: string[]): Program
  /** Starts `tenantry dev` or `serve` and waits until both sites answer. */
  open(command: 'dev' | 'serve'): Promise<Program>
  /** Runs `tenantry …` to its end. */
  run(...args: string[]): Promise<Ended>
  /** What `tenantry tenants show` says of a tenant. */
  show(tenantId: string): Promise<Story>
}

/** As much of it as the journeys look at. */
export type Story = {
  tenant: { id: string; displayName: string; state: string; servicePrincipalId: string; diagnosis: Diagnosis | null }
  grants: { permission: string; status: string }[]
  counts: { user: number; group: number }
  runs: { id: string; state: string; pages: number; users: number; groups: number; finishedAt: string | null }[]
  audit: { action: string; actor: string; from: string | null; to: string | null }[]
}
type Diagnosis = { code: string; owner: string; message: string; nextStep: string }

/** A customer besides those of the demo, for a journey that must not meet another one. */
export type Customer = { id: string; name: string; domain: string; users: number }

/** What no log may ever show: the app's secret, people's passwords, and the beginning of any token. */
const SECRETS = [DEMO.secret, DEMO.password, 'eyJ']

/** Opened for one test or one file; everything ends with it, and what its processes said is searched for secrets. */
export async function openDeployment(
  scope: Scope,
  {
    database = 'embedded',
    customers = [],
    change = (estate) => estate,
    settings: more = {},
  }: {
    database?: 'embedded' | 'postgres'
    customers?: readonly Customer[]
    change?: (estate: EstateInput) => EstateInput
    settings?: Settings
  } = {},
): Promise<Deployment> {
  const open = new AsyncDisposableStack()
  scope.after(() => open.disposeAsync())
  const folder = temporaryFolder({ after: (close) => open.defer(close) })
  const [landingPort, consolePort] = [await freePort(), await freePort()]
  const landing = `http://localhost:${landingPort}`
  const console = `http://localhost:${consolePort}`
  const estate = change(estateFor({ landing, console, customers }))
  const emulator = open.use(await startEmulator({ estate, dataDir: folder }))
  const databaseUrl = database === 'postgres' ? await freshDatabase() : null
  if (!databaseUrl) layEmptyDatabase(`${folder}/tenantry`)
  const settings: Settings = {
    TENANTRY_SETTINGS_FILE: '/dev/null',
    TENANTRY_CLOUD: 'emulator',
    TENANTRY_CLIENT_ID: DEMO.appId,
    TENANTRY_HOME_TENANT_ID: DEMO.home,
    TENANTRY_CLIENT_SECRET: DEMO.secret,
    TENANTRY_DATA_DIR: `${folder}/tenantry`,
    TENANTRY_PUBLIC_URL: landing,
    TENANTRY_CONSOLE_URL: console,
    TENANTRY_LANDING_PORT: `${landingPort}`,
    TENANTRY_CONSOLE_PORT: `${consolePort}`,
    TENANTRY_EMULATOR_ORIGIN: emulator.origin,
    TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
    TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
    TENANTRY_LOG_LEVEL: 'debug',
    ...(databaseUrl ? { TENANTRY_DATABASE_URL: databaseUrl } : {}),
    ...more,
  }
  const programs: Program[] = []
  open.defer(async () => {
    await Promise.all(programs.map((program) => program.stop()))
    for (const program of programs)
      for (const secret of SECRETS) assert.ok(!program.said().includes(secret), `a log holds ${secret}`)
  })
  const start = (...args: string[]) => {
    const program = startTenantry({ args, env: settings })
    programs.push(program)
    return program
  }
  const run = (...args: string[]) => runTenantry({ args, env: settings })
  return {
    emulator,
    landing,
    console,
    settings,
    folder,
    databaseUrl,
    start,
    async open(command) {
      const program = start(command)
      await program.answers(`${landing}/readyz`)
      await program.answers(`${console}/readyz`)
      return program
    },
    run,
    async show(tenantId) {
      const { code, stdout, stderr } = await run('tenants', 'show', '--tenant', tenantId, '--json')
      assert.equal(code, 0, stderr)
      const { counts, ...story } = JSON.parse(stdout) as Story
      return { ...story, counts: { user: counts.user, group: counts.group } }
    },
  }
}

/** The demo, whose app may send people back to these addresses. */
function estateFor({
  landing,
  console,
  customers,
}: {
  landing: string
  console: string
  customers: readonly Customer[]
}): EstateInput {
  const [app] = demoEstate.applications ?? []
  assert.ok(app)
  const redirectUris = [`${landing}/sign-up/callback`, `${console}/sign-in/callback`]
  return {
    ...demoEstate,
    tenants: [...demoEstate.tenants, ...customers.map(tenantOf)],
    applications: [{ ...app, redirectUris }],
  }
}

const tenantOf = ({ id, name, domain, users }: Customer): EstateInput['tenants'][number] => ({
  id,
  displayName: name,
  domains: [domain],
  users: [
    {
      userPrincipalName: `grace@${domain}`,
      displayName: 'Grace Admin',
      password: DEMO.password,
      roles: ['Global Administrator'],
    },
  ],
  generated: { users, groups: 3, seed: 5 },
})
