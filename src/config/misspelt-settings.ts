import type { Mistake } from '#config/mistake.ts'
import { SETTINGS } from '#config/settings.ts'
import { nearestName } from '#model/nearest-name.ts'

/** Settings that are read elsewhere. */
const READ_BEFORE = ['TENANTRY_SETTINGS_FILE']
const PREFIX = 'TENANTRY_'

/**
 * What nobody reads but is nearly the name of a setting. Only doubted: an orchestrator may put names of its own there, as
 * Kubernetes does with the addresses of services.
 */
export function misspeltSettings(env: Readonly<Record<string, string | undefined>>): Mistake[] {
  const known = [...Object.keys(SETTINGS), ...READ_BEFORE]
  const bare = known.map((name) => name.slice(PREFIX.length))
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .flatMap((name) => {
      const near = nearestName(name.slice(PREFIX.length), bare)
      if (near === null) return []
      return [
        { setting: name, message: 'is not a setting, and nobody reads it', nextStep: `Did you mean ${PREFIX}${near}?` },
      ]
    })
}
