import { Problem } from '#model/problem.ts'

/** From here on Node reads a tenantry.config.ts by itself, and has what our packages need. */
export const OLDEST_NODE = '22.18'

/**
 * npm only warns of a Node that is too old, and what then happens would be told by whichever package meets it first.
 * @param version as `process.versions.node` has it
 * @throws Problem CONFIGURATION_INVALID
 */
export function assertNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split('.').map(Number)
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new Problem({
    code: 'CONFIGURATION_INVALID',
    owner: 'operator',
    message: `Tenantry needs Node ${OLDEST_NODE} or newer; this one is ${version}.`,
    nextStep: 'Install Node 24 (nodejs.org), then start again.',
    retry: 'never',
    confidence: 'certain',
  })
}
