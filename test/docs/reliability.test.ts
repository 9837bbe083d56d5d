import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..', '..')
const page = readFileSync(join(root, 'docs/reliability.md'), 'utf8')
const texts = new Map(
  globSync(['test/**/*.test.ts', 'emulator/test/**/*.test.ts'], { cwd: root }).map((file) => [
    file.replaceAll('\\', '/'),
    readFileSync(join(root, file), 'utf8'),
  ]),
)

type Witness = { title: string; file: string }
type Row = { name: string; state: string; witnesses: Witness[]; remark: string }

const rows: Row[] = [...page.matchAll(/^\| ([A-Z]\d\d) \| (.+) \|$/gm)].map(([, name = '', rest = '']) => {
  const [, state = '', witnesses = '', remark = ''] = rest.split(' | ').map((cell) => cell.trim())
  const links = [...witnesses.matchAll(/\[([^\]]+)\]\(\.\.\/([^)]+)\)/g)]
  return { name, state, witnesses: links.map(([, title = '', file = '']) => ({ title, file })), remark }
})

/** The cases that a title begins with: “S02 S19 what one browser began …”, in any kind of quotes. */
const tried = new Set(
  [...texts.values()].flatMap((text) =>
    [...text.matchAll(/['"`]((?:[STAGRL]\d\d[ :]+)+)[^'"`]/g)].flatMap(
      ([, names = '']) => names.match(/[A-Z]\d\d/g) ?? [],
    ),
  ),
)

test('every case that a test is named by stands in the list, once', () => {
  const listed = rows.map(({ name }) => name)
  assert.ok(listed.length > 50)
  assert.deepEqual(listed, [...new Set(listed)])
  assert.deepEqual([...tried].filter((name) => !listed.includes(name)).sort(), [])
})

test('what is called covered has witnesses, and what is not says why', () => {
  for (const { name, state, witnesses, remark } of rows) {
    assert.ok(['covered', 'partly', 'not yet'].includes(state), `${name}: ${state}`)
    assert.equal(tried.has(name), state !== 'not yet', `${name} is called ${state}`)
    assert.equal(witnesses.length > 0, state !== 'not yet', `${name}: witnesses`)
    if (state !== 'covered') assert.ok(remark.length > 10, `${name}: what is not tried?`)
  }
})

test('every witness is the title of a test that is named by its case', () => {
  for (const { name, witnesses } of rows)
    for (const { title, file } of witnesses) {
      assert.ok(texts.get(file)?.includes(title), `${name}: “${title}” is not in ${file}`)
      assert.match(title, new RegExp(`^(?:[A-Z]\\d\\d )*${name} `), `${name}: “${title}”`)
    }
})
