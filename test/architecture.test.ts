import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { EMULATOR, type Room, SRC, WITHIN } from './rooms.ts'

const root = join(import.meta.dirname, '..')
const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g
const CROWDED = /(^|\/)(utils?|helpers?|common|shared)(\/|\.ts$)/

const filesOf = (house: string): string[] =>
  readdirSync(join(root, house), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('test/'))
    .map((file) => `${house}/${file}`)

const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '')

/** `src/store/tenants.ts` stands in `store`; `src/tools.ts` is a room by itself. */
const roomOf = (path: string): string => basename(path.split('/')[1] ?? '', '.ts')

const withoutComments = (source: string): string => source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')

const packageOf = (specifier: string): string =>
  specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : (specifier.split('/')[0] ?? specifier)

function faultsOf(house: 'src' | 'emulator', rooms: Record<string, Room>): string[] {
  const prefix = house === 'src' ? '#' : '#emulator/'
  return filesOf(house).flatMap((file) => {
    const name = roomOf(file)
    const room = rooms[name]
    if (!room) return [`${file}: no room '${name}' in test/rooms.ts`]
    return importsOf(file).flatMap((specifier) => {
      if (specifier.startsWith('.')) return [`${file}: '${specifier}' climbs; name the room from the root`]
      if (specifier.startsWith('#')) {
        const foreign = specifier.startsWith('#emulator/') !== (house === 'emulator')
        if (foreign) return [`${file}: '${specifier}' belongs to the other house`]
        const target = roomOf(`${house}/${specifier.slice(prefix.length)}`)
        return target === name || room.imports.includes(target) ? [] : [`${file}: ${name} may not import ${target}`]
      }
      if (specifier.startsWith('node:'))
        return room.pure ? [`${file}: ${name} is pure and may not import ${specifier}`] : []
      if (builtinModules.includes(specifier)) return [`${file}: write node:${specifier}`]
      return room.packages.includes(packageOf(specifier))
        ? []
        : [`${file}: ${packageOf(specifier)} does not live in ${name}`]
    })
  })
}

test('every import of the product follows the arrows', () => {
  assert.deepEqual(faultsOf('src', SRC), [])
})

for (const [room, inner] of Object.entries(WITHIN))
  test(`every import within ${room} follows the arrows there`, () => {
    const innerRoomOf = (path: string, prefix: string): string => dirname(path).slice(prefix.length + 1)
    const faults = filesOf(`src/${room}`).flatMap((file) => {
      const name = innerRoomOf(file, `src/${room}`)
      const mayUse = inner[name]
      if (!mayUse) return [`${file}: no room '${name}' within ${room} in test/rooms.ts`]
      return importsOf(file)
        .filter((specifier) => specifier.startsWith(`#${room}/`))
        .map((specifier) => innerRoomOf(specifier, `#${room}`))
        .filter((target) => target !== name && !mayUse.includes(target))
        .map((target) => `${file}: ${room}/${name} may not import ${room}/${target}`)
    })
    assert.deepEqual(faults, [])
  })

test('every import of the emulator follows the arrows', () => {
  assert.deepEqual(faultsOf('emulator', EMULATOR), [])
})

test('no room is called utils, helpers, common or shared', () => {
  assert.deepEqual(
    [...filesOf('src'), ...filesOf('emulator')].filter((file) => CROWDED.test(file)),
    [],
  )
})

test('only the processes and the tools of tests read the environment', () => {
  const readers = filesOf('src').filter((file) =>
    /\bprocess\.(env|argv)\b/.test(withoutComments(readFileSync(join(root, file), 'utf8'))),
  )
  assert.deepEqual(
    readers.filter((file) => !file.startsWith('src/bin/')),
    [],
  )
})

/** Where the machine's own time counts, and no decision hangs on it that a test would want to turn. */
const OWN_TIME: Record<string, string> = {
  'src/base/clock.ts': 'is the clock',
  'src/base/gather.ts': 'waits for what else is wanted in the same moment',
  'src/base/log.ts': 'says when a line was written',
  'src/jobs/claim-job.ts': 'gives signs of life, which the database’s clock judges',
  'src/jobs/open-settling.ts': 'asks a database again that is away',
  'src/jobs/pace.ts': 'measures how fast jobs end',
  'src/jobs/runner.ts': 'looks into the queue, gives signs of life, and lets a stop take so long',
  'src/outbound/open.ts': 'ends an exchange that takes too long',
  'src/store/database/attentive-client.ts': 'gives a silent connection up',
  'src/store/database/open.ts': 'tells the database how far the hands were turned',
}

test('time comes from the clock, but for the places that say why theirs is the machine’s', () => {
  const machine = /\b(setTimeout|setInterval|setImmediate)\(|Date\.now\(|new Date\(\)|performance\.now|node:timers/
  const found = filesOf('src').filter((file) => machine.test(withoutComments(readFileSync(join(root, file), 'utf8'))))
  assert.deepEqual(found.filter((file) => !file.startsWith('src/bin/')).sort(), Object.keys(OWN_TIME).sort())
})

/** Between two processes of ours nothing is shown. */
const WRITE_JSON = ['src/cli/terminal.ts', 'src/bin/command-socket.ts']

test('S16 JSON for a terminal is written in one place', () => {
  const writers = filesOf('src').filter((file) => /JSON\.stringify\(/.test(readFileSync(join(root, file), 'utf8')))
  assert.deepEqual(
    writers.filter((file) => /^src\/(cli|bin)\//.test(file) && !WRITE_JSON.includes(file)),
    [],
  )
})
