import { type AppToken, appToken } from '#entra/app-token.ts'
import { batch } from '#graph/batch.ts'
import { otherTenant } from '#graph/errors.ts'
import { ORGANIZATION_PATH, type Organization, parseOrganization } from '#graph/organization.ts'
import { readPermissions } from '#model/built-in-resources.ts'
import type { TenantId } from '#model/ids.ts'
import { missingRoles } from '#model/permission.ts'
import type { GraphOptions, Tools } from '#tools.ts'

export type Access = {
  token: AppToken
  /** Declared permissions that a fresh token does not carry. */
  missing: readonly string[]
  /** What Graph told of the tenant; null where no declared permission allows asking. */
  organization: Organization | null
}

type Probe = { id: string; anyOf: readonly string[]; path: string }

const ORGANIZATION = 'organization'
/** The cheapest question for each family of permissions that only a working permission can answer. */
const PROBES: readonly Probe[] = [
  { id: ORGANIZATION, anyOf: readPermissions('organization'), path: ORGANIZATION_PATH },
  { id: 'users', anyOf: readPermissions('user'), path: '/users?$select=id&$top=1' },
  { id: 'groups', anyOf: readPermissions('group'), path: '/groups?$select=id&$top=1' },
]

/**
 * Proves, without any administrator, that the app works in a tenant: a fresh app-only token, its roles, and one batch of
 * Microsoft Graph in which each family of permissions must answer.
 * @throws Problem when there is no token, when a question fails, or TOKEN_OF_OTHER_TENANT when Graph answers for another tenant
 */
export async function verifyAccess(
  { config, entra, graphAsApp }: Pick<Tools, 'config' | 'entra' | 'graphAsApp'>,
  tenantId: TenantId,
  { signal, ...graphOptions }: GraphOptions & { signal?: AbortSignal } = {},
): Promise<Access> {
  const token = await appToken(entra, tenantId, { fresh: true })
  const missing = missingRoles(config.app.permissions, token.roles)
  const probes = PROBES.filter(({ anyOf }) => anyOf.some((value) => token.roles.includes(value)))
  const outcomes = await batch(
    graphAsApp(tenantId, graphOptions),
    probes.map(({ id, path }) => ({ id, path })),
    signal ? { signal } : {},
  )
  for (const { problem } of outcomes) if (problem) throw problem
  const told = outcomes.find(({ id }) => id === ORGANIZATION)
  const organization = told ? parseOrganization(told.body) : null
  if (organization && organization.id !== tenantId) throw otherTenant(tenantId)
  return { token, missing, organization }
}
