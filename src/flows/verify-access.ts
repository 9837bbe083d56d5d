import { type AppToken, appToken } from '#entra/app-token.ts'
import { firstGroup } from '#graph/groups.ts'
import type { Graph } from '#graph/open.ts'
import { type Organization, readOrganization } from '#graph/organization.ts'
import { firstUser } from '#graph/users.ts'
import type { TenantId } from '#model/ids.ts'
import { missingRoles } from '#model/permission.ts'
import { Problem } from '#model/problem.ts'
import { readPermissions } from '#model/resource.ts'
import type { GraphOptions, Tools } from '#tools.ts'

export type Access = {
  token: AppToken
  /** Declared permissions that a fresh token does not carry. */
  missing: readonly string[]
  /** What Graph told of the tenant; null where no declared permission allows asking. */
  organization: Organization | null
}

type Probe = { anyOf: readonly string[]; call: (graph: Graph) => Promise<Organization | null> }

/** One Graph call for each family of permissions, the most telling first. */
const PROBES: readonly Probe[] = [
  {
    anyOf: ['Organization.Read.All', 'Organization.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    call: readOrganization,
  },
  {
    anyOf: ['User.ReadBasic.All', ...readPermissions('user')],
    call: async (graph) => {
      await firstUser(graph)
      return null
    },
  },
  {
    anyOf: readPermissions('group'),
    call: async (graph) => {
      await firstGroup(graph)
      return null
    },
  },
]

/**
 * Proves, without any administrator, that the app works in a tenant: a fresh app-only token, its roles, and one call to
 * Microsoft Graph that must succeed.
 * @throws Problem when there is no token, when the call fails, or TOKEN_OF_OTHER_TENANT when Graph answers for another tenant
 */
export async function verifyAccess(
  { config, entra, graphAsApp }: Pick<Tools, 'config' | 'entra' | 'graphAsApp'>,
  tenantId: TenantId,
  graphOptions: GraphOptions = {},
): Promise<Access> {
  const token = await appToken(entra, tenantId, { fresh: true })
  const missing = missingRoles(config.app.permissions, token.roles)
  const probe = PROBES.find(({ anyOf }) => anyOf.some((value) => token.roles.includes(value)))
  const organization = probe ? await probe.call(graphAsApp(tenantId, graphOptions)) : null
  if (organization && organization.id !== tenantId) throw otherTenant(tenantId)
  return { token, missing, organization }
}

const otherTenant = (tenantId: TenantId) =>
  new Problem({
    code: 'TOKEN_OF_OTHER_TENANT',
    owner: 'operator',
    message: `Microsoft Graph answered for another tenant than ${tenantId}.`,
    nextStep: 'Nothing was stored. Report this at once: it must never happen.',
    retry: 'never',
    confidence: 'certain',
  })
