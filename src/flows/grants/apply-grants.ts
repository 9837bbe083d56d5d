import { awaitAccess, grantMissing } from '#flows/grants/grant-missing.ts'
import { patiently } from '#flows/grants/patiently.ts'
import { openProgress } from '#flows/grants/progress.ts'
import { proveAdministrator } from '#flows/grants/prove-administrator.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { connectTenant } from '#flows/tenants/connect-tenant.ts'
import type { AdministratorStep } from '#model/administrator.ts'
import type { SignUpId } from '#model/ids.ts'
import { incidentMeantBy } from '#model/incident.ts'
import { diagnose } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { updateSignUp } from '#store/sign-ups.ts'
import type { Tools } from '#tools.ts'

type Needs = Omit<Tools, typeof Symbol.asyncDispose>

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
 * be tried again, unless what was met must never happen.
 */
export async function applyGrants(tools: Needs, step: AdministratorStep, signal: AbortSignal): Promise<void> {
  const { store, log } = tools
  try {
    const told = { 'tenantry.sign_up': step.signUpId, 'tenantry.tenant': step.account.tenantId }
    await tools.telemetry.span(
      'sign-up granted',
      () => told,
      () => grantAndConnect(tools, step, signal),
    )
  } catch (error) {
    const diagnosis = diagnose(error)
    if (signal.aborted && incidentMeantBy(diagnosis) !== 'tenant') return
    log.warn({ err: error, signUpId: step.signUpId, tenantId: step.account.tenantId }, 'granting failed')
    const recorded = asFleet(store, async (sql) => {
      await updateSignUp(sql, step.signUpId, { state: 'failed', diagnosis })
      await addAudit(sql, {
        tenantId: step.account.tenantId,
        actor: `administrator:${step.account.objectId}`,
        action: 'grants.failed',
        detail: { code: diagnosis.code },
      })
    })
    await recorded.catch((second: unknown) =>
      log.error({ err: second, signUpId: step.signUpId }, 'that granting failed could not be stored'),
    )
    await raiseAlarm(tools, { tenantId: step.account.tenantId, diagnosis })
  }
}

async function grantAndConnect(tools: Needs, step: AdministratorStep, signal: AbortSignal): Promise<void> {
  const { config, clock, store } = tools
  const { signUpId } = step
  const progress = openProgress(tools, signUpId)
  const become = (state: 'granting' | 'verifying') =>
    asFleet(store, (sql) => updateSignUp(sql, signUpId, { state, diagnosis: null }))

  if ((await become('granting')) === 'connected-already') return
  const patience = { minutes: config.grantPatienceMinutes, what: 'your directory roles', signal }
  const administrator = await patiently(clock, patience, () => proveAdministrator(tools, step))
  const { tenant } = await grantMissing(tools, { step, progress, signal })
  await become('verifying')
  const access = await awaitAccess(tools, { step, progress, signal })
  await progress.step('Connect your organisation', () =>
    connectTenant(tools, {
      signUpId,
      administrator,
      displayName: tenant.displayName,
      defaultDomain: tenant.defaultDomain,
      access,
    }),
  )
}
