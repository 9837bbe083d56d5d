import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { suite, test } from 'node:test'

const root = join(import.meta.dirname, '..')

/** What tools can see without running the program. Each is the same command that a person would type. */
const CHECKS = [
  { title: 'format and lint are clean (biome)', command: 'biome ci --error-on-warnings --colors=off .' },
  { title: 'no promise is forgotten, no lint is left (oxlint)', command: 'oxlint --type-aware --deny-warnings' },
  { title: 'types hold (tsc)', command: 'tsc -p .' },
  { title: 'nothing unused is kept (knip)', command: 'knip' },
] as const

suite('formatter, linters, compiler and knip find nothing', { concurrency: 2 }, () => {
  for (const { title, command } of CHECKS) {
    test(title, async () => {
      const [program, ...options] = command.split(' ')
      const child = spawn(join(root, 'node_modules/.bin', program ?? ''), options, { cwd: root })
      const said: Buffer[] = []
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk))
      const [code] = await once(child, 'close')
      assert.equal(code, 0, `${command}\n${Buffer.concat(said).toString()}`)
    })
  }
})
