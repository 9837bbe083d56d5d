import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { resolve } from 'node:path'
import { stdout } from 'node:process'
import { Command, InvalidArgumentError } from 'commander'
import { banner, summary } from '#emulator/banner.ts'
import { EstateError, startEmulator } from '#emulator/index.ts'

type Options = {
  estate?: string
  port: number
  httpPort: number
  proxyPort?: number
  host?: string
  dataDir: string
  quiet?: true
  json?: true
}

/** Bad usage, in words, with this exit code. */
const USAGE = 2

const port = (text: string): number => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new InvalidArgumentError('It must be a number from 0 to 65535.')
  return number
}

/** Of the package that this file belongs to, which lies deeper in what is published than here. */
function versionOfPackage(): string {
  const file = findPackageJSON(import.meta.url)
  if (file === undefined) throw new Error('The emulator lies in no package.')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

const program = new Command('tenantry-emulator')
  .description('Microsoft Entra ID and Microsoft Graph for tests, on this machine only.')
  .version(versionOfPackage(), '-V, --version', 'print the version')
  .option('--estate <file>', 'JSON file with the tenants, people and applications to begin with (default: a demo)')
  .option('--port <number>', 'HTTPS for programs; 0 for any free port', port, 8443)
  .option('--http-port <number>', 'plain HTTP for browsers; 0 for any free port', port, 8080)
  .option('--proxy-port <number>', 'a proxy for clients that ask login.microsoftonline.com itself (HTTPS_PROXY)', port)
  .option('--host <address>', 'the address to listen on, for containers only (default: loopback)')
  .option('--data-dir <folder>', 'where its certificate authority is kept', '.tenantry/emulator')
  .option('--quiet', 'print nothing but errors')
  .option('--json', 'print the addresses as one line of JSON when it is ready')
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : USAGE)
  })
  .action(run)

async function run(options: Options): Promise<void> {
  const started = performance.now()
  // Before anybody can hear that it is ready, and tell it to end.
  const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  const dataDir = resolve(options.dataDir)
  const { estate } = options
  const emulator = await startEmulator({
    port: options.port,
    httpPort: options.httpPort,
    dataDir,
    ...(estate ? { estate } : {}),
    ...(options.host ? { host: options.host } : {}),
    ...(options.proxyPort === undefined ? {} : { proxyPort: options.proxyPort }),
  }).catch((error: unknown) => tellAndLeave(error))
  const facts = summary(emulator)
  if (options.json) console.log(JSON.stringify(facts))
  else if (!options.quiet)
    console.log(
      banner(facts, {
        isDemo: estate === undefined,
        colours: stdout.hasColors?.() ?? false,
        milliseconds: performance.now() - started,
      }),
    )
  await told
  await emulator.close()
  process.exitCode = 0
}

/** What its user can mend is told in words; anything else is a defect and keeps its stack. */
function tellAndLeave(error: unknown): never {
  const words = wordsOf(error)
  if (words === null) throw error
  console.error(words)
  process.exit(USAGE)
}

const UNWRITABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ENOSPC']

function wordsOf(error: unknown): string | null {
  if (error instanceof EstateError) return error.message
  if (!(error instanceof Error) || !('code' in error)) return null
  const where = 'port' in error ? `port ${error.port}` : 'a port'
  if (error.code === 'EADDRINUSE')
    return `Another program, perhaps another emulator, already listens on ${where}. Stop it, or choose other ports with --port and --http-port.`
  if (error.code === 'EACCES' && 'port' in error)
    return `This account may not listen on ${where}. Choose one above 1023 with --port and --http-port.`
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return `Nothing can listen there: ${error.message}. Say an address of this machine with --host, or leave it out.`
  if ('path' in error && UNWRITABLE.includes(String(error.code)))
    return `The certificate cannot be written: ${error.message}. Choose another folder with --data-dir.`
  return null
}

await program.parseAsync()
