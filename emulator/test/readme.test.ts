import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { lagSchema } from '#emulator/lag/settings.ts'
import { WORDS } from '#emulator/mischief/words.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { ask } from '#emulator/test/support/token.ts'

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')
const emulator = await startEmulator()
after(() => emulator.close())

const found = (pattern: RegExp): string => pattern.exec(readme)?.[1] ?? assert.fail(`${pattern} is not in the README`)

test('the way to a first token is as the README shows it', async () => {
  const consent = found(/^<http:\/\/localhost:8080(\/\S+\/adminconsent\?\S+)>$/m)
  const administrator = { username: found(/as Fabrikam’s administrator \(`([^`]+)`\)/) }
  const back = await signInAndAccept(openBrowser(emulator), emulator.browserOrigin + consent, administrator)
  assert.equal(back.url.searchParams.get('admin_consent'), 'True', back.url.href)

  const path = found(/^token=.+ https:\/\/localhost:8443(\S+) \\$/m)
  const form = Object.fromEntries([...readme.matchAll(/ -d (\w+)=(\S+)/g)].map(([, name, value]) => [name, value]))
  const { body } = await ask(emulator, path, { form })
  const headers = { authorization: `Bearer ${body.access_token}` }
  const users = await ask(emulator, found(/ 'https:\/\/localhost:8443(\S+)'$/m), { headers })
  assert.equal(users.body.value.length, 3)
})

test('the estate of the README starts', async () => {
  await using started = await startEmulator({ estate: JSON.parse(found(/```json\n([\s\S]*?)```/)) })
  const [northwind, fabrikam] = started.estate().tenants
  assert.equal(northwind?.displayName, 'Northwind Software')
  assert.equal(fabrikam?.users, 1201, 'and a guest')
  assert.equal(started.estate().applications.length, 1)
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
