import { patiently } from '#flows/grants/patiently.ts'
import type { Progress } from '#flows/grants/progress.ts'
import { type GrantReview, reviewGrants } from '#flows/grants/review-grants.ts'
import { type Access, verifyAccess } from '#flows/tenants/verify-access.ts'
import { assignAppRole } from '#graph/app-role-assignments.ts'
import { findMicrosoftGraph, findServicePrincipal } from '#graph/service-principals.ts'
import type { AdministratorStep } from '#model/administrator.ts'
import type { PlannedGrant } from '#model/permission.ts'
import { diagnose, Problem } from '#model/problem.ts'
import { addAudit, unsettledGrants } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'config' | 'clock' | 'store' | 'entra' | 'graphAs' | 'graphAsApp'>
type Proven = Pick<AdministratorStep, 'account' | 'token'>
type PlannedReview = GrantReview & { plan: NonNullable<GrantReview['plan']> }

/**
 * Gives the app's service principal every declared app role that it lacks, on behalf of an administrator. What exists is
 * recognised by reading it, and what is about to be granted is written down first.
 * @returns what was found before anything was granted
 * @throws Problem MAY_NOT_GRANT, PERMISSION_UNKNOWN, GRANT_NOT_VISIBLE_YET
 */
export async function grantMissing(
  tools: Needs,
  { step, progress, signal }: { step: Proven; progress: Progress; signal: AbortSignal },
): Promise<PlannedReview> {
  const { config, clock, store, graphAs } = tools
  const graph = graphAs(step.token)
  const patience = { minutes: config.grantPatienceMinutes, signal }
  const review = await progress.step(`Find ${config.app.name} among your enterprise applications`, () =>
    patiently(clock, { ...patience, what: 'the new enterprise application' }, async () =>
      withPlan(await reviewGrants(tools, step)),
    ),
  )
  const ours = await patiently(clock, { ...patience, what: 'the new enterprise application' }, () =>
    findServicePrincipal(graph, config.clientId),
  )
  const microsoftGraph = await patiently(clock, { ...patience, what: 'Microsoft Graph' }, () =>
    findMicrosoftGraph(graph),
  )
  assertOffered(review.plan.grants)
  await recordRequest(tools, step, review.plan.grants)
  for (const grant of review.plan.grants) {
    const { appRoleId } = grant
    if (grant.status !== 'to-grant' || !appRoleId) continue
    const outcome = await progress.step(`Grant ${grant.value}`, () =>
      patiently(clock, { ...patience, what: grant.value }, () =>
        assignAppRole(graph, { principalId: ours.id, resourceId: microsoftGraph.id, appRoleId }).catch(refusedByRole),
      ),
    )
    await asFleet(store, (sql) => addAudit(sql, applied(step, grant.value, outcome)))
  }
  return review
}

/** Waits until a fresh token carries every declared role and Graph answers it. @throws Problem GRANT_NOT_VISIBLE_YET */
export function awaitAccess(
  tools: Needs,
  { step: { account }, progress, signal }: { step: Proven; progress: Progress; signal: AbortSignal },
): Promise<Access> {
  const { config, clock } = tools
  const patience = { minutes: config.grantPatienceMinutes, signal, what: 'the permissions in a new token' }
  return progress.step(`Check that ${config.app.name} can work without you`, () =>
    patiently(clock, patience, async () => {
      const found = await verifyAccess(tools, account.tenantId, { priority: 'high' })
      return found.missing.length === 0 ? found : null
    }),
  )
}

/**
 * What will be granted is written down before the first of it is, so that a process that dies after Microsoft has granted
 * and before we have written so leaves a trace: whoever goes on finds it granted and completes the audit.
 */
const recordRequest = ({ store }: Pick<Needs, 'store'>, step: Proven, grants: readonly PlannedGrant[]): Promise<void> =>
  asFleet(store, async (sql) => {
    const { tenantId, objectId } = step.account
    const valuesOf = (status: PlannedGrant['status']) =>
      grants.filter((grant) => grant.status === status).map(({ value }) => value)
    const unsettled = await unsettledGrants(sql, tenantId)
    for (const value of valuesOf('granted'))
      if (unsettled.includes(value)) await addAudit(sql, applied(step, value, 'already-assigned'))
    const permissions = valuesOf('to-grant')
    if (permissions.length === 0) return
    const actor = `administrator:${objectId}`
    await addAudit(sql, { tenantId, actor, action: 'grants.requested', detail: { permissions } })
  })

const applied = ({ account }: Proven, permission: string, outcome: Awaited<ReturnType<typeof assignAppRole>>) => ({
  tenantId: account.tenantId,
  actor: `administrator:${account.objectId}`,
  action: 'grants.applied',
  detail: { permission, outcome },
})

/** A refusal to grant is the administrator's directory role, not a lag: waiting would not mend it. */
function refusedByRole(error: unknown): never {
  if (diagnose(error).code !== 'PERMISSION_MISSING') throw error
  throw new Problem(
    {
      code: 'MAY_NOT_GRANT',
      owner: 'customer-administrator',
      message: 'Your directory role does not allow granting permissions of Microsoft Graph to an application.',
      nextStep:
        'Hand this step to a Global Administrator or a Privileged Role Administrator. If you are one, and your role has to be activated first, activate it, then sign in again.',
      retry: 'never',
      confidence: 'certain',
    },
    { cause: error },
  )
}

const withPlan = (review: GrantReview): PlannedReview | null => (review.plan ? { ...review, plan: review.plan } : null)

function assertOffered(grants: readonly PlannedGrant[]): void {
  const unavailable = grants.filter((grant) => grant.status === 'unavailable').map((grant) => grant.value)
  if (unavailable.length === 0) return
  throw new Problem({
    code: 'PERMISSION_UNKNOWN',
    owner: 'operator',
    message: `Microsoft Graph in this tenant does not offer: ${unavailable.join(', ')}.`,
    nextStep: 'The software’s maker has to correct the permissions that it asks for.',
    retry: 'never',
    confidence: 'certain',
  })
}
