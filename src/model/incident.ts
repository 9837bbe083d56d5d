import type { TenantId } from '#model/ids.ts'
import type { Diagnosis, ProblemCode } from '#model/problem.ts'

export type IncidentId = string & { readonly __is: 'IncidentId' }

/** Something that must never happen, or that stops the work for everybody: it stays until a person, or its end, closes it. */
export type Incident = {
  id: IncidentId
  /** Null where it is not about one tenant. */
  tenantId: TenantId | null
  code: ProblemCode
  diagnosis: Diagnosis
  /** Whether the daemon leaves Microsoft alone until it is over. */
  holds: boolean
  /** The machines on which Microsoft refuses our credential: they leave the work to the others. */
  hosts: readonly string[]
  /** How often it has been met while it was open. */
  times: number
  openedAt: Date
  lastAt: Date
  closedAt: Date | null
  /** operator:{object id}, or daemon. */
  closedBy: string | null
}

const HOUR = 3_600_000

/** From when on the work of tenants may have met it: before there was enough of it to be noticed. */
export const beginOf = (openedAt: Date): Date => new Date(openedAt.getTime() - HOUR)

/** What no tenant's work may ever meet: somebody's token, link or job that belongs elsewhere. One is enough. */
const VIOLATIONS: readonly ProblemCode[] = ['TOKEN_OF_OTHER_TENANT', 'ORIGIN_REFUSED', 'JOB_REFUSED']

/** What no customer has done: a process of which home says it, too, reaches no tenant until it is mended. Others may. */
const OURS: readonly ProblemCode[] = ['CLIENT_SECRET_INVALID', 'CLIENT_SECRET_EXPIRED', 'CLIENT_CERTIFICATE_REJECTED']

/** What a customer may have done. When most tenants have done it at the same time, nobody has: it is ours, or Microsoft's. */
const THEIRS_UNLESS_MANY: readonly ProblemCode[] = [
  'SERVICE_PRINCIPAL_MISSING',
  'SERVICE_PRINCIPAL_DISABLED',
  'TENANT_NOT_FOUND',
  'CONSENT_MISSING',
  'RESOURCE_UNAVAILABLE',
  'CONDITIONAL_ACCESS',
  'APPLICATION_MISCONFIGURED',
]

/**
 * What a failure in one tenant's work says: `tenant` is an incident at once, `process` one of the process that has met it when
 * it meets it at home, too, and `fleet-if-many` one of the fleet when most tenants meet it.
 */
export const incidentMeantBy = ({ code, owner }: Diagnosis): 'tenant' | 'process' | 'fleet-if-many' | null => {
  if (VIOLATIONS.includes(code)) return 'tenant'
  if (OURS.includes(code) && owner === 'operator') return 'process'
  return THEIRS_UNLESS_MANY.includes(code) ? 'fleet-if-many' : null
}

/** The tenants whose last run tells: so many at most, and too few of them say nothing. */
export const LOOKED_AT = 20
const FEWEST = 5

/** So many of the last ones no customers have done, whatever the others say: Microsoft’s troubles come and go by parts. */
const NEARLY_ALL = 18

/** Whether so many of those that were looked at are most of them, or nearly all. */
export const shareOf = (same: number, lookedAt: number): 'nearly-all' | 'most' | 'few' =>
  same < FEWEST || same * 2 <= lookedAt ? 'few' : same >= NEARLY_ALL ? 'nearly-all' : 'most'
