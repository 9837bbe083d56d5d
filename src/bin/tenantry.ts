#!/usr/bin/env node
import '#bin/steady-memory.ts'
import { keepCompiled } from '#bin/keep-compiled.ts'

keepCompiled(process.env)
const { runProgram } = await import('#bin/program.ts')
// As far from here where it was built as where it is source.
await runProgram({ packageFile: new URL('../../package.json', import.meta.url) })
