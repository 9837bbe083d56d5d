import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { temporaryFolder } from '#test/support/backends.ts'
import { root } from '#test/support/programs.ts'
import { type Scope, suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

const README = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = (language: string): string[] =>
  [...README.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((found) => found[1] === language)
    .map((found) => found[2] ?? '')

/** Every command line of the README, without its remark. */
const COMMANDS = blocks('sh')
  .flatMap((block) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => /^np[mx] /.test(line))
/** What the README mentions in its text. */
const ONCE = 'npm start -- --once'

/** What test/package.test.ts does. */
const PACKED = ['npm pack', 'npm install ../tenantry/tenantry-0.1.0.tgz', 'npm pkg set type=module']
/** The commands in the order of the README; a new one there has to be tried here. */
const TRIED = [
  'npm start',
  'npm test',
  ...PACKED,
  'npx tenantry doctor',
  'npx tenantry dev',
  'npx tenantry run print-users --tenant <id>',
  'npx tenantry tenants list',
  'npx tenantry --help',
  'npx tenantry-emulator',
]
/** The README names the addresses that it works on, so they have to be free. */
const PORTS = [3000, 3001, 8080, 8443]

suite('the README, as written, in a fresh copy', () => {
  const scope = suiteScope()
  let folder: string
  before(async () => {
    folder = freshCopy(scope)
    await until(`nobody listens on ${PORTS.join(', ')} (end what does, an npm start perhaps)`, allFree)
  })
  after(() => until('everything that the README started has ended', allFree))

  test('names these commands, and no other', () => {
    assert.deepEqual(COMMANDS, TRIED)
    assert.ok(README.includes(`\`${ONCE}\``))
    assert.match(readFileSync(join(root, '.ci/run'), 'utf8'), /^exec npm test -- --all-clients$/m)
  })

  test(ONCE, async () => {
    const { code, said } = await run(ONCE)
    assert.equal(code, 0, said)
    assert.match(said, /Fabrikam is active: 1,200 of 1,200 users and 80 of 80 groups stored\n$/)
    await until('everything has ended', allFree)
  })

  test('npm start', async () => {
    const demo = launch('npm start')
    await demo.says(/Now you are Contoso’s administrator/)
    const addresses = [...README.matchAll(/<(http:\/\/localhost:\d+[^>]*)>/g)].map((found) => found[1] ?? '')
    assert.equal(addresses.length, 3)
    for (const address of addresses) assert.equal((await fetch(address)).status, 200, address)
    const terminal = /^ +Terminal +(.+)$/m.exec(demo.said())?.[1] ?? ''
    const { code, said } = await run(terminal)
    assert.equal(code, 0, said)
    assert.match(said, new RegExp(`${DEMO.fabrikam} +Fabrikam +\\S+ +active`))
    await demo.interrupt()
    await until('everything has ended', allFree)
  })

  test('the emulator, and the way through “Use it” against it', async () => {
    const emulator = launch('npx tenantry-emulator')
    await until('the emulator answers', () => answers('http://localhost:8080/_emulator/health'))
    writeFileSync(join(folder, 'tenantry.config.ts'), blocks('ts')[0] ?? '')
    writeFileSync(join(folder, '.env'), SETTINGS)
    await grantFabrikam()

    const doctor = await run('npx tenantry doctor')
    assert.equal(doctor.code, 0, doctor.said)
    assert.match(doctor.said, /^Everything is in order\.$/m)
    const dev = launch('npx tenantry dev')
    for (const address of ['http://localhost:3000/readyz', 'http://localhost:3001/readyz'])
      await until(`${address} answers`, () => answers(address))
    const users = await run(`npx tenantry run print-users --tenant ${DEMO.fabrikam}`)
    assert.equal(users.code, 0, users.said)
    assert.match(users.said, /^1200 users\.$/m)
    const list = await run('npx tenantry tenants list')
    assert.equal(list.code, 0, list.said)
    assert.match(list.said, /^No tenants\.$/m)
    const help = await run('npx tenantry --help')
    assert.equal(help.code, 0)
    for (const command of ['tenants', 'grants', 'run', 'dev', 'serve', 'work', 'migrate', 'doctor', 'emulator'])
      assert.match(help.said, new RegExp(`^  ${command}\\b`, 'm'))
    await dev.interrupt()
    await emulator.interrupt()
  })

  /** A command line in the copy, with what it says; as a terminal would, an interrupt reaches everything that it started. */
  function launch(line: string) {
    const child = spawn('sh', ['-c', line], {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    let over = false
    const ended = once(child, 'close').then(([code]) => {
      over = true
      return code as number | null
    })
    const signal = (name: NodeJS.Signals) => {
      if (!over && child.pid) process.kill(-child.pid, name)
    }
    scope.after(() => signal('SIGKILL'))
    return {
      said: () => said,
      ended,
      says: (text: RegExp) =>
        until(`${line} says ${text}`, () => {
          if (over) assert.fail(`${line} ended before it said ${text}:\n${said}`)
          return text.test(said)
        }),
      async interrupt() {
        signal('SIGINT')
        await ended
      },
    }
  }

  async function run(line: string): Promise<{ code: number | null; said: string }> {
    const command = launch(line)
    const code = await command.ended
    return { code, said: command.said() }
  }
})

/** Nothing that a developer has set for himself, and no Node but the one that starts a newcomer's npm. */
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TENANTRY_|NODE_|npm_)/i.test(name))),
  // What the machine has downloaded once is not downloaded again.
  npm_config_prefer_offline: 'true',
}

/** The README's settings, with the emulator in the place of Microsoft. */
const SETTINGS = `TENANTRY_CLOUD=emulator
TENANTRY_CLIENT_ID=${DEMO.appId}
TENANTRY_HOME_TENANT_ID=${DEMO.home}
TENANTRY_CLIENT_SECRET=${DEMO.secret}
`

/** What a sign-up leaves behind in Fabrikam. */
async function grantFabrikam(): Promise<void> {
  const order = async (operation: string, more: object = {}) => {
    const body = JSON.stringify({ tenant: DEMO.fabrikam, app: DEMO.appId, ...more })
    const address = `http://localhost:8080/_emulator/operations/${operation}`
    assert.equal((await fetch(address, { method: 'POST', body })).status, 200, operation)
  }
  await order('addServicePrincipal')
  await order('grantPermission', { permission: 'User.Read.All' })
}

/** What git keeps, as it is now, and nothing that has been installed or made; without git, everything but that. */
function freshCopy(owner: Scope): string {
  const copy = temporaryFolder(owner)
  const files = filesOfGit()
  if (files)
    for (const file of files) {
      mkdirSync(dirname(join(copy, file)), { recursive: true })
      cpSync(join(root, file), join(copy, file), { verbatimSymlinks: true })
    }
  else {
    const made = ['node_modules', '.git', '.tenantry', 'artefacts', 'dist', '.env'].map((name) => join(root, name))
    cpSync(root, copy, { recursive: true, filter: (source) => !made.includes(source) })
  }
  return copy
}

function filesOfGit(): string[] | null {
  try {
    const list = execFileSync('git', ['ls-files', '-z'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return list.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))
  } catch {
    return null
  }
}

const allFree = async (): Promise<boolean> => (await Promise.all(PORTS.map(isFree))).every(Boolean)

const isFree = (port: number): Promise<boolean> =>
  new Promise((settle) => {
    const socket = connect(port, 'localhost')
    socket.once('connect', () => {
      socket.destroy()
      settle(false)
    })
    socket.once('error', () => settle(true))
  })

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}
