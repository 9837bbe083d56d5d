import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { EMULATOR } from '#test/rooms.ts'

const root = join(import.meta.dirname, '..', '..')
const dockerfile = readFileSync(join(root, 'emulator', 'Dockerfile'), 'utf8').replaceAll(/\\\n/g, ' ')
/** The stage that is shipped: what stands after the last FROM. */
const shipped = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
const exec = (instruction: RegExp): string[] => JSON.parse(instruction.exec(shipped)?.[1] ?? '[]')
const [program = '', ...options] = exec(/^ENTRYPOINT (.+)$/m)
const health = exec(/^HEALTHCHECK .*CMD (.+)$/m)

const packages = [...shipped.matchAll(/^COPY --from=packages \/app\/node_modules\/(\S+) \.\/node_modules\/\1$/gm)]
const files = [...shipped.matchAll(/^COPY (?!--)(\S+) \S+$/gm)]
const folder = mkdtempSync(join(tmpdir(), 'emulator-image-'))
after(() => rmSync(folder, { recursive: true }))

const image = join(folder, 'app')

const run = async (parameters: string[]): Promise<number> => {
  const child = spawn(process.execPath, parameters, { cwd: image, stdio: 'ignore' })
  const [status] = await once(child, 'exit')
  return status
}

test('the Dockerfile copies what is there, and every package that a room of the emulator uses, and no other', () => {
  for (const [, source = ''] of files) assert.ok(existsSync(join(root, source)), source)
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  for (const [, source = ''] of dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm))
    for (const name of source.split(' ')) assert.ok(ignored.includes(`!${name}`), `.dockerignore keeps ${name} out`)
  const used = new Set(Object.values(EMULATOR).flatMap((room) => room.packages))
  assert.deepEqual(new Set(packages.map(([, name]) => name)), used)
  for (const name of used) {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
    assert.deepEqual(dependencies ?? {}, {}, `${name} needs packages that the image does not hold`)
  }
})

test('what the Dockerfile copies starts as it says, without anything else, and is healthy until it is stopped', async () => {
  for (const [, name = ''] of packages)
    cpSync(join(root, 'node_modules', name), join(image, 'node_modules', name), { recursive: true })
  for (const [, source = ''] of files)
    cpSync(join(root, source), join(image, source), {
      recursive: true,
      filter: (path) => !path.startsWith(join(root, 'emulator', 'test')),
    })
  assert.equal(program, 'node')
  const places = ['--port', '0', '--http-port', '0', '--proxy-port', '0', '--json', '--data-dir', join(folder, 'data')]
  const child = spawn(process.execPath, [...options, ...places], { cwd: image, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  const { browserOrigin, caFile } = JSON.parse(String(line))
  assert.ok(existsSync(caFile))
  const look = health.slice(1).map((word) => word.replace('127.0.0.1:8080', new URL(browserOrigin).host))
  assert.equal(await run(look), 0)
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
  assert.equal(await run(look), 1)
})
