import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
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
