import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DEMO, demoEstate } from '#emulator/estate/demo.ts'
import { signFabrikamUp } from './fabrikam.ts'
import {
  CONSOLE,
  EMULATOR,
  EMULATOR_BROWSER,
  environment,
  folder,
  LANDING,
  programs,
  root,
  settings,
  settingsFile,
} from './places.ts'
import { startProgram } from './programs.ts'
import { firstRun } from './stored.ts'

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } })
const count = (value: number) => value.toLocaleString('en')
const startedAt = performance.now()
const tell = (line: string) => console.log(`  ${elapsed().padStart(6)}  ${line}`)
const elapsed = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
const stopped = new Promise<void>((stop) => {
  process.on('SIGINT', () => stop())
  process.on('SIGTERM', () => stop())
})

/** The story: from nothing to a tenant that is read unattended. @returns the exit code */
async function show(): Promise<number> {
  process.chdir(root)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    settingsFile,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  await using open = new AsyncDisposableStack()
  const start = (name: string, program: string, args: readonly string[]) =>
    open.use(startProgram(name, { program, args, env: environment, logFile: join(folder, `${name}.log`) }))

  console.log('\nTenantry: the whole journey, on this machine, without Azure\n')
  const emulator = start('emulator', programs.emulator, ['--data-dir', join(folder, 'emulator')])
  await emulator.answers(`${EMULATOR_BROWSER}/_emulator/health`)
  tell('Entra ID and Microsoft Graph are emulated: an ISV, Northwind, and two customers, Fabrikam and Contoso')
  const tenantry = start('tenantry', programs.tenantry, ['dev'])
  await tenantry.answers(`${LANDING}/readyz`)
  await tenantry.answers(`${CONSOLE}/readyz`)
  tell('Northwind runs Tenantry: landing page, console and worker on an embedded database')
  await signFabrikamUp(tell)
  const { counts, runs, tenant } = await firstRun(DEMO.fabrikam)
  const [run] = runs
  tell(`The daemon, with nothing but the tenant id, read ${count(run?.pages ?? 0)} pages of Fabrikam’s directory`)
  const wanted = demoEstate.tenants.find(({ id }) => id === DEMO.fabrikam)?.generated ?? { users: 0, groups: 0 }
  const complete = tenant.state === 'active' && counts.user === wanted.users && counts.group === wanted.groups
  tell(
    `Fabrikam is ${tenant.state}: ${count(counts.user)} of ${count(wanted.users ?? 0)} users and ${count(counts.group)} of ${count(wanted.groups ?? 0)} groups stored`,
  )
  if (!complete) throw new Error('Fabrikam’s directory is not stored completely.')
  if (values.once) return 0

  console.log(invitation)
  await Promise.race([stopped, emulator.ended, tenantry.ended])
  console.log('\nStopping …')
  return 0
}

const invitation = `
Now you are Contoso’s administrator
  Landing page   ${LANDING}    grace@contoso.onmicrosoft.com   may do everything
                                          adam@contoso.onmicrosoft.com    may consent, but not grant
                                          uma@contoso.onmicrosoft.com     an ordinary user
and here you are Northwind’s operator
  Console        ${CONSOLE}    olivia@northwind.onmicrosoft.com
  Terminal       TENANTRY_SETTINGS_FILE=.tenantry/demo/settings.env npx tenantry tenants list
Microsoft’s side
  Emulator       ${EMULATOR_BROWSER}/_emulator/   and for programs ${EMULATOR}
Every password is ${DEMO.password}   Logs are in .tenantry/demo   Ctrl-C ends everything
`

try {
  process.exitCode = await show()
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}\nLogs are in ${folder}.`)
  process.exitCode = 1
}
