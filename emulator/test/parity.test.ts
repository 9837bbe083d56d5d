import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const parity = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'parity.md'), 'utf8')

test('every witness that the parity page names is a test that is there', () => {
  const witnesses = [...parity.matchAll(/^\| [^|]+ \| `([^`]+)` › ([^|]+) \|/gm)]
  const claims = parity.split('\n').filter((line) => /^\| (?!claim|---)/.test(line))
  assert.equal(witnesses.length, claims.length, 'each claim has a witness')
  for (const [, file = '', title = ''] of witnesses) {
    const path = join(import.meta.dirname, file)
    assert.ok(existsSync(path), file)
    assert.ok(readFileSync(path, 'utf8').includes(`test('${title.trim()}'`), `${file}: ${title}`)
  }
})
