import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { lagSchema } from '#emulator/lag/settings.ts'
import { WORDS } from '#emulator/mischief/words.ts'
import { ask } from '#emulator/test/support/token.ts'

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')
const example = /```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''

test('the estate of the README starts', async () => {
  await using emulator = await startEmulator({ estate: JSON.parse(example) })
  const [northwind, fabrikam] = emulator.estate().tenants
  assert.equal(northwind?.displayName, 'Northwind Software')
  assert.equal(fabrikam?.users, 1201, 'and a guest')
  assert.equal(emulator.estate().applications.length, 1)
})

test('the README names every word of mischief and no other', () => {
  const rows = readme
    .split('\n')
    .filter((line) => /^\| `(idtoken|accesstoken|apptoken|authorize|discovery|jwks|graph)\./.test(line))
  const named = rows.flatMap((row) => {
    let stem = ''
    return [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, word = '']) => {
      if (!word.startsWith('=')) stem = word.split('=')[0] ?? ''
      return word.startsWith('=') ? stem + word : word
    })
  })
  assert.deepEqual(named.sort(), [...WORDS].sort())
})

test('the README names every setting of lag and every address of the control API', async () => {
  for (const setting of Object.keys(lagSchema.parse({})))
    assert.match(readme, new RegExp(`^\\| (\`\\w+\`, )?\`${setting}\``, 'm'), setting)
  await using emulator = await startEmulator({ estate: JSON.parse(example) })
  for (const path of [
    'health',
    'estate',
    'clock',
    'mischief',
    'lag',
    'throttle',
    'requests',
    'snapshots',
    'operations',
  ]) {
    assert.ok(readme.includes(`GET ${path}`), path)
    assert.equal((await ask(emulator, `/_emulator/${path}`)).status, 200, path)
  }
})
