import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'

const root = join(import.meta.dirname, '..', '..')
const examples = join(root, 'examples')
const printing = join(examples, 'print-users')
const ADATUM = '50000000-0000-4000-8000-000000000002'
const HOME = '50000000-0000-4000-8000-000000000001'

const dataDir = mkdtempSync(join(tmpdir(), 'tenantry-examples-'))
const emulator = await startEmulator({ estate: join(printing, 'estate.json'), dataDir: join(dataDir, 'emulator') })
after(async () => {
  await emulator.close()
  rmSync(dataDir, { recursive: true, force: true })
})

/** As its README says, but for the ports and folders, which are this test's own. */
const environment = {
  TENANTRY_SETTINGS_FILE: 'settings.env',
  TENANTRY_DATA_DIR: join(dataDir, 'tenantry'),
  TENANTRY_EMULATOR_ORIGIN: emulator.origin,
  TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
  TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
}

async function run(folder: string, args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  // The runner marks its children; a runner inside would not report by itself.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...inherited, ...environment } })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, ...said }
}

const tenantry = join(root, 'src/bin/tenantry.ts')

test('print-users prints the claims of its token and every name, and never the token', async () => {
  const { code, out, err } = await run(printing, [tenantry, 'run', 'print-users', '--tenant', ADATUM])
  assert.equal(code, 0, err)
  assert.match(out, new RegExp(`"tid": "${ADATUM}"`))
  assert.match(out, /"User\.Read\.All"/)
  assert.match(out, /\n1050 users\.\n$/)
  assert.doesNotMatch(out + err, /eyJ/)
})

test('print-users says who can mend a missing permission', async () => {
  const { code, err } = await run(printing, [tenantry, 'run', 'print-users', '--tenant', HOME])
  assert.equal(code, 1)
  assert.match(err, /PERMISSION_MISSING[\s\S]*the customer’s administrator[\s\S]*Next step/)
})

test('print-users as a program of one’s own prints the same names', async () => {
  const { code, out, err } = await run(printing, ['--env-file=settings.env', 'print-users.ts', ADATUM])
  assert.equal(code, 0, err)
  assert.match(out, /\n1050 users\.\n$/)
  assert.equal(out.trim().split('\n').length, 1_050 + 2)
})

test('the tests of emulator-in-your-tests pass', async () => {
  const file = 'head-count.test.ts'
  const expected = readFileSync(join(examples, 'emulator-in-your-tests', file), 'utf8').match(/^test\(/gm)?.length
  const { code, out } = await run(join(examples, 'emulator-in-your-tests'), ['--test', '--test-reporter=tap', file])
  assert.equal(code, 0, out)
  assert.match(out, new RegExp(`# pass ${expected}\\n`))
})
