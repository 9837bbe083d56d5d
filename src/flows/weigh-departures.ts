import { appToken } from '#entra/app-token.ts'
import type { TenantId } from '#model/ids.ts'
import type { Diagnosis } from '#model/problem.ts'
import { asFleet } from '#store/open.ts'
import { workingTenants } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

/** So many tenants are asked, and most of them must answer. */
const ASKED = 3

/**
 * Whether many tenants that fail alike have each ended it themselves: our app and its credential work at home and in most
 * of the other tenants at this moment. Where nobody else answers either, it is ours or Microsoft's.
 */
export async function areDepartures(
  { entra, store }: Pick<Tools, 'entra' | 'store'>,
  { tenantIds, diagnosis }: { tenantIds: readonly TenantId[]; diagnosis: Diagnosis },
): Promise<boolean> {
  if (diagnosis.owner !== 'customer-administrator') return false
  if (!(await givesToken(entra, entra.homeTenantId))) return false
  return giveTokens(entra, await asFleet(store, (sql) => workingTenants(sql, { except: tenantIds, limit: ASKED })))
}

/** Whether Entra ID gives the app tokens now in most of these tenants, as far as a few of them tell. */
export async function giveTokens(entra: Tools['entra'], tenantIds: readonly TenantId[]): Promise<boolean> {
  const answers = await Promise.all(tenantIds.slice(0, ASKED).map((tenantId) => givesToken(entra, tenantId)))
  return answers.filter(Boolean).length * 2 > answers.length
}

const givesToken = (entra: Tools['entra'], tenantId: TenantId): Promise<boolean> =>
  appToken(entra, tenantId, { fresh: true }).then(
    () => true,
    () => false,
  )
