import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { root } from '#test/support/programs.ts'

type Mutant = { name: string; file: string; search: string; replace: string; tests: string[] }

test('each safeguard that `npm run mutants` takes out still stands where it is looked for, exactly once, and so does its test', async () => {
  const { MUTANTS } = (await import(pathToFileURL(join(root, 'scripts/mutants.mjs')).href)) as { MUTANTS: Mutant[] }
  assert.ok(MUTANTS.length > 0)
  for (const { name, file, search, replace, tests } of MUTANTS) {
    assert.ok(typeof replace === 'string' && replace !== search, `${name}: it changes nothing`)
    assert.equal(readFileSync(join(root, file), 'utf8').split(search).length, 2, name)
    for (const one of tests) assert.ok(existsSync(join(root, one)), one)
  }
})
