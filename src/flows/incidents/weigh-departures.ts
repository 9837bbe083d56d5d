import { tryToken } from '#flows/incidents/try-token.ts'
import type { TenantId } from '#model/ids.ts'
import type { Diagnosis } from '#model/problem.ts'
import { asFleet } from '#store/database/open.ts'
import { workingTenants } from '#store/tenants.ts'

type Needs = Parameters<typeof tryToken>[0]

/** So many tenants are asked, and most of them must answer. */
const ASKED = 3

/**
 * Whether many tenants that fail alike have each ended it themselves: our app and its credential work at home and in most
 * of the other tenants at this moment. Where nobody else answers either, it is ours or Microsoft's.
 */
export async function areDepartures(
  tools: Needs,
  { tenantIds, diagnosis }: { tenantIds: readonly TenantId[]; diagnosis: Diagnosis },
): Promise<boolean> {
  if (diagnosis.owner !== 'customer-administrator') return false
  if ((await tryToken(tools, tools.entra.homeTenantId)) !== null) return false
  const others = await asFleet(tools.store, (sql) => workingTenants(sql, { except: tenantIds, limit: ASKED }))
  return giveTokens(tools, others)
}

/** Whether Entra ID gives the app tokens now in most of these tenants, as far as a few of them tell. */
export async function giveTokens(tools: Needs, tenantIds: readonly TenantId[]): Promise<boolean> {
  const answers = await Promise.all(tenantIds.slice(0, ASKED).map((tenantId) => tryToken(tools, tenantId)))
  return answers.filter((refusal) => refusal === null).length * 2 > answers.length
}
