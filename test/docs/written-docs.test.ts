import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { SETTINGS } from '#config/settings.ts'
import { readConfig } from '#config.ts'

const root = join(import.meta.dirname, '..', '..')
const docs = join(root, 'docs')

async function writeDocs(...options: string[]): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, [join(root, 'scripts/write-docs.ts'), ...options])
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk))
  const [code] = (await once(child, 'close')) as [number]
  return { code, said: Buffer.concat(said).toString() }
}

function copyOfDocs(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-docs-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(docs, join(folder, 'docs'), { recursive: true })
  cpSync(join(root, '.env.example'), join(folder, '.env.example'))
  return folder
}

test('what the documents tell of settings, rooms, moves and codes is what the program has', async () => {
  const { code, said } = await writeDocs('--check')
  assert.equal(code, 0, said)
})

test('a document that has fallen behind is found, and written anew', async (t) => {
  const folder = copyOfDocs(t)
  const file = join(folder, 'docs', 'configuration.md')
  const right = readFileSync(file, 'utf8')
  writeFileSync(file, right.replace('TENANTRY_CONCURRENCY', 'TENANTRY_HASTE'))
  rmSync(join(folder, '.env.example'))

  const stale = await writeDocs('--check', '--folder', folder)
  assert.equal(stale.code, 1)
  assert.match(stale.said, /docs\/configuration\.md is stale[\s\S]*\.env\.example is stale/)

  assert.equal((await writeDocs('--folder', folder)).code, 0)
  assert.equal(readFileSync(file, 'utf8'), right)
  assert.equal(readFileSync(join(folder, '.env.example'), 'utf8'), readFileSync(join(root, '.env.example'), 'utf8'))
})

test('.env.example, filled in, is a configuration without a mistake', () => {
  const lines = readFileSync(join(root, '.env.example'), 'utf8').split('\n')
  const filledIn: Record<string, string> = {
    TENANTRY_CLIENT_ID: '6731de76-14a6-49ae-97bc-6eba6914391e',
    TENANTRY_HOME_TENANT_ID: '8f9f2b3a-06c1-4a1e-a2a3-6f0a7f1c2d10',
  }
  for (const line of lines) {
    const [, name = '', value = ''] = /^(?:# )?(TENANTRY_\w+)=(.*)$/.exec(line) ?? []
    if (name && value) filledIn[name] = value
  }
  const { mistakes } = readConfig({ ...filledIn, TENANTRY_CLIENT_SECRET: 'made up' }, undefined)
  assert.deepEqual(
    mistakes.filter(({ setting }) => setting in SETTINGS),
    [],
  )
})

test('the tenantry.config.ts of the documents can be used as it stands', async (t) => {
  const text = readFileSync(join(docs, 'configuration.md'), 'utf8')
  const example = /```ts\n([\s\S]*?)```/.exec(text)?.[1]
  assert.ok(example)
  // Inside the package, so that `import … from 'tenantry'` finds it.
  mkdirSync(join(root, '.tenantry'), { recursive: true })
  const folder = mkdtempSync(join(root, '.tenantry', 'example-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'tenantry.config.ts')
  writeFileSync(file, example)
  const { default: app } = (await import(pathToFileURL(file).href)) as { default: unknown }

  const { parts, mistakes } = readConfig({}, app)
  assert.equal(parts.app?.name, 'Northwind Insights')
  assert.deepEqual(
    mistakes.filter(({ setting }) => setting.startsWith('tenantry.config.ts')),
    [],
  )
})

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'emulator/README.md',
  'bench/README.md',
  ...pagesBelow('docs'),
  ...pagesBelow('examples'),
]

test('no link between the documents leads nowhere', () => {
  const broken = PAGES.flatMap((file) =>
    linksOf(file)
      .filter((target) => !exists(target.path) || (target.anchor && !anchorsOf(target.path).includes(target.anchor)))
      .map((target) => `${file}: ${target.written}`),
  )
  assert.deepEqual(broken, [])
})

test('every document is found from the README by links', () => {
  const found = new Set(['README.md'])
  // What is added on the way is looked at on the way.
  for (const file of found)
    for (const { path } of linksOf(file))
      for (const page of [path, join(path, 'README.md')]) if (PAGES.includes(page)) found.add(page)
  assert.deepEqual(
    PAGES.filter((page) => !found.has(page)),
    [],
  )
})

test('every file that the documents name is there', () => {
  const named = PAGES.flatMap((file) =>
    [
      ...readFileSync(join(root, file), 'utf8').matchAll(
        /`((?:src|emulator|test|scripts|bench|examples|docs)\/[^`\s*…]+)`/g,
      ),
    ]
      .map(([, path = '']) => path)
      .filter((path) => !exists(path))
      .map((path) => `${file}: ${path}`),
  )
  assert.deepEqual(named, [])
})

function pagesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file))
}

function linksOf(file: string): { written: string; path: string; anchor: string }[] {
  const prose = readFileSync(join(root, file), 'utf8').replace(/```[\s\S]*?```/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((written) => !/^(https?|mailto):/.test(written))
    .map((written) => {
      const [path = '', anchor = ''] = written.split('#')
      return { written, path: path ? join(file, '..', path) : file, anchor }
    })
}

function exists(path: string): boolean {
  try {
    readFileSync(join(root, path))
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EISDIR'
  }
}

/** As forges make them of headings. */
const anchorsOf = (path: string): string[] =>
  [...readFileSync(join(root, path), 'utf8').matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
