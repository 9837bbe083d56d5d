#!/usr/bin/env node
import { keepCompiled } from '#emulator/keep-compiled.ts'

/** What our packages need; npm only warns of an older one. */
const OLDEST_NODE = [22, 18] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  console.error(`The emulator needs Node ${OLDEST_NODE.join('.')} or newer; this one is ${process.versions.node}.`)
  process.exit(2)
}
keepCompiled(process.env)
await import('#emulator/command.ts')
