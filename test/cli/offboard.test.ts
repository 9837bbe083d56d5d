import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openCommandSocket } from '#bin/command-socket.ts'
import { runCli } from '#cli/run-cli.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { findTenant } from '#store/tenants.ts'
import { openInstallation } from '#test/support/installation.ts'
import { aTenant } from '#test/support/made-up.ts'
import { root, runTenantry } from '#test/support/programs.ts'
import { until } from '#test/support/until.ts'

const { tools, config } = await openInstallation({ after })
const stateOf = async (id: TenantId) => (await asFleet(tools.store, (sql) => findTenant(sql, id)))?.state
const orderFor = (id: TenantId, ...more: string[]) => ['tenants', 'offboard', '--tenant', id, ...more]

/** At a terminal at which somebody types this; null: he goes. */
async function offboard(id: TenantId, typed: string | null, ...more: string[]) {
  const said: string[] = []
  const tell = (line: string) => void said.push(line)
  const ask = async (question: string) => {
    tell(question)
    return typed
  }
  const context = { terminal: { out: tell, err: tell, ask }, tools: async () => tools }
  const { signal } = new AbortController()
  return { code: await runCli(orderFor(id, ...more), { ...context, signal }), said: said.join('\n') }
}

test('whoever ends a tenant at a terminal types its name or its id; whatever else is typed ends nothing', async () => {
  const [first, second] = [
    await aTenant(tools.store, { displayName: 'Evil\u001b[2J Holding' }),
    await aTenant(tools.store, { displayName: 'Second' }),
  ]
  for (const typed of ['', 'y', 'yes', 'Second', second, null]) {
    const { code, said } = await offboard(first, typed)
    assert.equal(code, 1, said)
    assert.match(
      said,
      /Evil\\u\{1b\}\[2J Holding \(.+\) is left for good, and everything that was read .+ is deleted\./,
    )
    assert.match(said, /nothing was done\.$/)
    assert.equal(await stateOf(first), 'active', `${typed}`)
  }
  assert.equal((await offboard(first, ' Evil\\u{1b}[2J Holding')).code, 0)
  assert.equal(await stateOf(first), 'offboarded')
  assert.equal((await offboard(second, second)).code, 0)
  assert.equal(await stateOf(second), 'offboarded')
})

test('whoever says that it is meant is not asked; where nobody can be asked it has to be said', async () => {
  await using _socket = await openCommandSocket(tools)
  const id = await aTenant(tools.store)
  const env = { TENANTRY_SETTINGS_FILE: '/dev/null', TENANTRY_DATA_DIR: config.dataDir }
  const refused = await runTenantry({ args: orderFor(id), env })
  assert.deepEqual([refused.code, refused.stdout], [2, ''])
  assert.match(refused.stderr, /nobody can be asked here whether it is meant: add '--yes'/)
  assert.equal(await stateOf(id), 'active')
  const done = await runTenantry({ args: orderFor(id, '--yes', '--json'), env })
  assert.deepEqual([done.code, done.stderr], [0, ''])
  assert.equal(JSON.parse(done.stdout).state, 'offboarded')
  const another = await aTenant(tools.store)
  const { code, said } = await offboard(another, null, '-y')
  assert.deepEqual([code, said], [0, 'Fabrikam is offboarded.'])
})

test('a running process asks by way of whoever typed the command', {
  skip: process.platform !== 'linux' && 'script of util-linux gives a program a terminal',
}, async (t) => {
  await using _socket = await openCommandSocket(tools)
  const id = await aTenant(tools.store)
  for (const [typed, state, code] of [
    ['no', 'active', 1],
    [id, 'offboarded', 0],
  ] as const) {
    const line = [process.execPath, join(root, 'src/bin/tenantry.ts'), ...orderFor(id)].join(' ')
    const child = spawn('script', ['-qefc', line, '/dev/null'], {
      env: { PATH: process.env.PATH, TENANTRY_SETTINGS_FILE: '/dev/null', TENANTRY_DATA_DIR: config.dataDir },
    })
    t.after(() => child.kill())
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await until('it asks', () => said.includes('Type its name or its id to go on: '))
    child.stdin.write(`${typed}\n`)
    assert.deepEqual(await once(child, 'exit'), [code, null], said)
    assert.equal(await stateOf(id), state)
  }
})
