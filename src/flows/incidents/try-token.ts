import { appToken } from '#entra/app-token.ts'
import { reportViolations } from '#flows/incidents/report-violations.ts'
import type { TenantId } from '#model/ids.ts'
import { type Diagnosis, diagnose } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/**
 * Whether Entra ID gives the app a new token for a tenant: what it says of others, or of us, is told by that.
 * @returns null where it does; else why not
 */
export const tryToken = (
  tools: Pick<Tools, 'entra'> & Parameters<typeof reportViolations>[0],
  tenantId: TenantId,
): Promise<Diagnosis | null> =>
  reportViolations(tools, tenantId, () => appToken(tools.entra, tenantId, { fresh: true })).then(() => null, diagnose)
