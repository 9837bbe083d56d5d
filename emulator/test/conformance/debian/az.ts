import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Emulator } from '#emulator/index.ts'
import { typeInDeviceCode } from '#emulator/test/conformance/support/device-code.ts'
import { type Ended, runProgram } from '#emulator/test/conformance/support/program.ts'

export type Az = {
  /** What the Azure CLI prints; a command that fails fails the test. */
  (...command: string[]): Promise<string>
  /** The same for a command that has to fail: exit code and words. */
  fails(...command: string[]): Promise<Ended>
  loginAsApp(appId: string, credential: string, tenant: string): Promise<string>
  /** By device code, which the person types in at a browser of his own. */
  loginAs(username: string, tenant: string): Promise<string>
  /** Runs a script of the shell that calls `az`, with these variables. */
  script(text: string, variables: Record<string, string>): Promise<string>
  close(): void
}

/**
 * The unmodified Azure CLI with a home of its own. It cannot be told another address than Microsoft’s, so it goes through
 * the emulator’s proxy; it trusts the emulator’s authority by a variable of its own process.
 */
export function openAz(emulator: Emulator): Az {
  const home = mkdtempSync(join(tmpdir(), 'conformance-az-'))
  const bundle = join(home, 'bundle.pem')
  writeFileSync(bundle, emulator.ca)
  const env = {
    ...process.env,
    REQUESTS_CA_BUNDLE: bundle,
    HTTPS_PROXY: emulator.proxy ?? '',
    AZURE_CONFIG_DIR: home,
    AZURE_CORE_COLLECT_TELEMETRY: 'false',
    AZURE_CORE_USE_MSAL_HTTP_CACHE: 'false',
  }
  const run = (program: string, options: string[], username?: string): Promise<Ended> => {
    let isTyped = false
    return runProgram(program, options, {
      env,
      onSaid(said) {
        const code = /enter the code (\S+)/.exec(said)?.[1]
        if (!code || !username || isTyped) return
        isTyped = true
        void typeInDeviceCode(emulator, code, username)
      },
    })
  }
  const succeed = async (ended: Promise<Ended>): Promise<string> => {
    const { status, out, said } = await ended
    assert.equal(status, 0, said)
    return out
  }
  const az = (...command: string[]) => succeed(run('az', command))
  const anywhere = ['--allow-no-subscriptions', '--output', 'none']
  return Object.assign(az, {
    async fails(...command: string[]) {
      const ended = await run('az', command)
      assert.notEqual(ended.status, 0, `az ${command.join(' ')}`)
      return ended
    },
    loginAsApp: (appId: string, credential: string, tenant: string) =>
      az('login', '--service-principal', '-u', appId, '-p', credential, '--tenant', tenant, ...anywhere),
    loginAs: (username: string, tenant: string) =>
      succeed(run('az', ['login', '--use-device-code', '--tenant', tenant, ...anywhere], username)),
    script: (text: string, variables: Record<string, string>) =>
      succeed(runProgram('bash', ['-euc', text], { env: { ...env, ...variables } })),
    close: () => rmSync(home, { recursive: true, force: true }),
  })
}
