import assert from 'node:assert/strict'
import { runCli } from '#cli/run-cli.ts'
import { DEMO, type Emulator } from '#emulator/index.ts'
import { openBrowser } from '#emulator/test/support/browser.ts'
import type { Ended, Program } from '#test/support/programs.ts'
import { until } from '#test/support/until.ts'
import type { Tools } from '#tools.ts'

export const INVITATION = /open (\S+) in a browser and type in the code (\S+)\./

/** A command that runs: a process, or one in this process. */
type Running = Pick<Program, 'said' | 'says'> & { ended: Promise<Ended> }

/** Runs a command line in this process, with these tools, and tells what it says as it says it. */
export const runHere = (tools: Tools, ...argv: string[]): Running =>
  runUntil(tools, new AbortController().signal, ...argv)

/** The same, until somebody presses Ctrl-C. */
export function runUntil(tools: Tools, signal: AbortSignal, ...argv: string[]): Running {
  let [stdout, stderr] = ['', '']
  const terminal = { out: (line: string) => (stdout += `${line}\n`), err: (line: string) => (stderr += `${line}\n`) }
  const ended = runCli(argv, { terminal, tools: async () => tools, signal })
  return {
    said: () => stdout + stderr,
    says: async (text) => {
      await until(`it says ${text}`, () => text.test(stdout + stderr))
    },
    ended: ended.then((code) => ({ code, stdout, stderr })),
  }
}

/** Types in, with a browser elsewhere, the code that a command shows; then sees the command through. */
export async function signInFor(
  program: Running,
  emulator: Emulator,
  username: string,
  action: 'accept' | 'cancel' = 'accept',
): Promise<Ended> {
  await program.says(INVITATION)
  const [, address = '', code = ''] = INVITATION.exec(program.said()) ?? []
  const browser = openBrowser(emulator)
  const account = await browser.press(await browser.open(address), { user_code: code })
  const password = await browser.press(account, { action: 'next', loginfmt: username })
  const consent = await browser.press(password, { action: 'signin', passwd: DEMO.password })
  if (/Permissions requested/.test(consent.text)) await browser.press(consent, { action })
  else assert.match(consent.text, /You have signed in/)
  return program.ended
}
