import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Start } from '#bin/start.ts'
import type { Mistake } from '#config/mistake.ts'
import { type ConfigReading, readConfig } from '#config.ts'

const NAMES = ['tenantry.config.ts', 'tenantry.config.mts', 'tenantry.config.mjs', 'tenantry.config.js']

const MEND = 'Mend the file, then start again.'
/** `npm init` writes `"type": "commonjs"`; this is what Node says of a module in such a package. */
const TAKEN_FOR_COMMONJS = /^(Cannot use import statement outside a module|Unexpected token 'export')$/
const BE_A_MODULE =
  'package.json says that it is CommonJS: run `npm pkg set type=module`, or call the file tenantry.config.mts.'

/** The environment and tenantry.config.ts, with all that is wrong with either. */
export async function readSettings({ env, folder }: Pick<Start, 'env' | 'folder'>): Promise<ConfigReading> {
  const file = NAMES.map((name) => join(folder, name)).find((candidate) => existsSync(candidate))
  if (!file) return without(env, 'is missing', `Write one in ${folder}; docs/configuration.md shows its shape.`)
  try {
    const { default: app } = (await import(pathToFileURL(file).href)) as { default?: unknown }
    if (app === undefined) return without(env, 'has no default export', 'Write `export default defineApp({ … })`.')
    return readConfig(env, app)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return without(env, `cannot be loaded: ${reason}`, TAKEN_FOR_COMMONJS.test(reason) ? BE_A_MODULE : MEND)
  }
}

/** The mistakes of the environment are told even though the file cannot be read. */
function without(env: Start['env'], message: string, nextStep: string): ConfigReading {
  const { parts, mistakes, doubts } = readConfig(env, undefined)
  const rest = mistakes.filter(({ setting }) => !setting.startsWith('tenantry.config.ts'))
  return {
    config: null,
    parts,
    doubts,
    mistakes: [...rest, { setting: 'tenantry.config.ts', message, nextStep } satisfies Mistake],
  }
}
