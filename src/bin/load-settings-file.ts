import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { codeOf } from '#base/code-of.ts'
import { Problem } from '#model/problem.ts'

/**
 * The settings of the file that TENANTRY_SETTINGS_FILE names, or else of `.env` where there is one. Those of the
 * environment win.
 * @throws Problem CONFIGURATION_INVALID: a file that is named and not there would leave everything at what holds unless set
 */
export function loadSettingsFile(): void {
  const named = process.env.TENANTRY_SETTINGS_FILE
  const file = named || '.env'
  if (!named && !existsSync(file)) return
  try {
    // `process.loadEnvFile` says of whatever it cannot read that it is not there.
    const settings = parseEnv(readFileSync(file, 'utf8'))
    for (const [name, value] of Object.entries(settings)) process.env[name] ??= value
  } catch (cause) {
    const reason = codeOf(cause)
    throw new Problem(
      {
        code: 'CONFIGURATION_INVALID',
        owner: 'operator',
        message: `The file of settings ${file} cannot be read${reason && ` (${reason})`}.`,
        nextStep: named ? 'Let TENANTRY_SETTINGS_FILE name another, or take it away.' : 'Let this account read it.',
        retry: 'never',
        confidence: 'certain',
      },
      { cause },
    )
  }
}
