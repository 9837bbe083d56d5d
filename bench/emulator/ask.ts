import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pinned } from '../pinned.ts'
import type { Order } from './load.ts'

const run = promisify(execFile)
/** What serves is on the first core, who asks on the second. */
export const SERVING = 0
const ASKING = 1

export const APP_ONLY = (client_id: string, client_secret: string): string =>
  new URLSearchParams({
    grant_type: 'client_credentials',
    client_id,
    client_secret,
    scope: 'https://graph.microsoft.com/.default',
  }).toString()

/** Answers a second. */
export const ask = async (order: Order): Promise<number> => runProgram('load.ts', [JSON.stringify(order)], ASKING)

/** A program of this folder that prints one number. */
export async function runProgram(file: string, args: readonly string[], core: number): Promise<number> {
  const [command, all] = pinned(core, process.execPath, [join(import.meta.dirname, file), ...args])
  const { stdout } = await run(command, all)
  return JSON.parse(stdout) as number
}
