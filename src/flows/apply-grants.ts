import { connectTenant } from '#flows/connect-tenant.ts'
import { patiently } from '#flows/patiently.ts'
import { openProgress } from '#flows/progress.ts'
import { raiseAlarm } from '#flows/raise-alarm.ts'
import { type GrantReview, reviewGrants } from '#flows/review-grants.ts'
import { verifyAccess } from '#flows/verify-access.ts'
import { assignAppRole } from '#graph/app-role-assignments.ts'
import { findMicrosoftGraph, findServicePrincipal } from '#graph/service-principals.ts'
import type { AdministratorStep } from '#model/administrator.ts'
import type { SignUpId } from '#model/ids.ts'
import type { PlannedGrant } from '#model/permission.ts'
import { diagnose, Problem } from '#model/problem.ts'
import { addAudit, unsettledGrants } from '#store/audit.ts'
import { asFleet } from '#store/open.ts'
import { updateSignUp } from '#store/sign-ups.ts'
import type { Tools } from '#tools.ts'

type Needs = Omit<Tools, 'background' | typeof Symbol.asyncDispose>

/** Begins to grant in the background of this process; the page follows the sign-up's progress. */
export const startGrants = (tools: Tools, step: AdministratorStep): 'started' | 'already-running' =>
  tools.background.start(keyOf(step.signUpId), (signal) => applyGrants(tools, step, signal))

/** Whether this process is at it. Another one may be, where there are several. */
export const isGranting = ({ background }: Pick<Tools, 'background'>, signUpId: SignUpId): boolean =>
  background.isRunning(keyOf(signUpId))

const keyOf = (signUpId: SignUpId): string => `sign-up:${signUpId}`

/**
 * Gives the app's service principal every declared app role, on behalf of the administrator, waits until Microsoft shows
 * it everywhere, and connects the tenant. Safe to repeat from any point: what exists is recognised by reading it.
 * A failure is recorded with the sign-up, not thrown; when the process stops in between, the sign-up stays open and can
 * be tried again.
 */
export async function applyGrants(tools: Needs, step: AdministratorStep, signal: AbortSignal): Promise<void> {
  const { store, log } = tools
  try {
    const told = { 'tenantry.sign_up': step.signUpId, 'tenantry.tenant': step.account.tenantId }
    await tools.telemetry.span('sign-up granted', told, () => grantAndConnect(tools, step, signal))
  } catch (error) {
    if (signal.aborted) return
    const diagnosis = diagnose(error)
    log.warn({ err: error, signUpId: step.signUpId, tenantId: step.account.tenantId }, 'granting failed')
    await asFleet(store, async (sql) => {
      await updateSignUp(sql, step.signUpId, { state: 'failed', diagnosis })
      await addAudit(sql, {
        tenantId: step.account.tenantId,
        actor: `administrator:${step.account.objectId}`,
        action: 'grants.failed',
        detail: { code: diagnosis.code },
      })
    })
    await raiseAlarm(tools, { tenantId: step.account.tenantId, diagnosis })
  }
}

async function grantAndConnect(tools: Needs, step: AdministratorStep, signal: AbortSignal): Promise<void> {
  const { config, clock, store, graphAs } = tools
  const { signUpId, account } = step
  const graph = graphAs(step.token)
  const progress = openProgress(tools, signUpId)
  const patience = { minutes: config.grantPatienceMinutes, signal }
  const become = (state: 'granting' | 'verifying') =>
    asFleet(store, (sql) => updateSignUp(sql, signUpId, { state, diagnosis: null }))

  await become('granting')
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

  await become('verifying')
  const access = await progress.step(`Check that ${config.app.name} can work without you`, () =>
    patiently(clock, { ...patience, what: 'the permissions in a new token' }, async () => {
      const found = await verifyAccess(tools, account.tenantId, { priority: 'high' })
      return found.missing.length === 0 ? found : null
    }),
  )
  await progress.step('Connect your organization', () =>
    connectTenant(tools, {
      signUpId,
      tenantId: account.tenantId,
      administratorId: account.objectId,
      displayName: review.tenant.displayName,
      defaultDomain: review.tenant.defaultDomain,
      access,
    }),
  )
}

/**
 * What will be granted is written down before the first of it is, so that a process that dies after Microsoft has granted
 * and before we have written so leaves a trace: whoever goes on finds it granted and completes the audit.
 */
const recordRequest = ({ store }: Needs, step: AdministratorStep, grants: readonly PlannedGrant[]): Promise<void> =>
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

const applied = (
  { account }: AdministratorStep,
  permission: string,
  outcome: Awaited<ReturnType<typeof assignAppRole>>,
) => ({
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
      nextStep: 'Hand this step to a Global Administrator or a Privileged Role Administrator.',
      retry: 'never',
      confidence: 'certain',
    },
    { cause: error },
  )
}

type PlannedReview = GrantReview & { plan: NonNullable<GrantReview['plan']> }
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
