import { type DeviceSignIn, signInByDevice } from '#entra/device-sign-in.ts'
import { awaitAccess, grantMissing } from '#flows/grants/grant-missing.ts'
import type { Progress } from '#flows/grants/progress.ts'
import { reviewGrants } from '#flows/grants/review-grants.ts'
import { reportViolations } from '#flows/incidents/report-violations.ts'
import { knownTenant, type Verification, verifyTenant } from '#flows/tenants/verify-tenant.ts'
import { readMe } from '#graph/me.ts'
import type { AdministratorStep, DelegatedToken } from '#model/administrator.ts'
import type { TenantId } from '#model/ids.ts'
import type { GrantPlan } from '#model/permission.ts'
import { Problem } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import type { Tools } from '#tools.ts'

/** What the administrator consents to at the terminal: to read what is there, and to assign app roles. Nothing else. */
const SCOPES = ['User.Read', 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All'] as const

export type GrantedAtTerminal = Verification & { granted: readonly string[]; alreadyGranted: readonly string[] }

type Needs = Omit<Tools, typeof Symbol.asyncDispose>
type Wish = { tenantId: TenantId; actor: string; progress: Progress } & Pick<DeviceSignIn, 'tell' | 'signal'>

/**
 * Grants in a tenant that has signed up what the app declares and the tenant lacks, on behalf of an administrator of it
 * who signs in at the terminal, and corrects the tenant's state by what then works. It makes no service principal: that is
 * the customer's consent, and so the landing page's.
 * @throws Problem TENANT_UNKNOWN, STATE_MOVE_REFUSED, SERVICE_PRINCIPAL_MISSING, MAY_NOT_GRANT and what the sign-in ends in
 */
export const grantAtTerminal = (tools: Needs, wish: Wish): Promise<GrantedAtTerminal> =>
  reportViolations(tools, wish.tenantId, () => signInAndGrant(tools, wish))

async function signInAndGrant(
  tools: Needs,
  { tenantId, actor, tell, progress, signal }: Wish,
): Promise<GrantedAtTerminal> {
  await assertOurs(tools, tenantId)
  const token = await signInByDevice(tools.entra, { tenant: tenantId, scopes: SCOPES, tell, signal })
  const step = await prove(tools, token)
  const { plan, mayGrant } = await reviewGrants(tools, step)
  if (!plan) throw notPresent(tools.config.app.name)
  if (!plan.complete && mayGrant === false) throw mayNotGrant()
  await asFleet(tools.store, (sql) =>
    addAudit(sql, { tenantId, actor, action: 'grants.begun', detail: { administrator: step.account.objectId } }),
  )
  if (!plan.complete) await grantMissing(tools, { step, progress, signal })
  await awaitAccess(tools, { step, progress, signal })
  return { ...(await verifyTenant(tools, { tenantId, actor })), ...told(plan) }
}

async function assertOurs(tools: Pick<Tools, 'store'>, tenantId: TenantId): Promise<void> {
  const { state, displayName } = await knownTenant(tools, tenantId)
  if (!['offboarding', 'offboarded'].includes(state)) return
  throw new Problem({
    code: 'STATE_MOVE_REFUSED',
    owner: 'operator',
    message: `${displayName} is ${state}: it has no need of permissions.`,
    nextStep: 'To bring it back, let an administrator of the tenant sign up on the landing page.',
    retry: 'never',
    confidence: 'certain',
  })
}

/** Who signed in is asked of Graph, with the token that everything else is done with. */
async function prove(
  { graphAs }: Pick<Tools, 'graphAs'>,
  token: DelegatedToken,
): Promise<Pick<AdministratorStep, 'account' | 'token'>> {
  const me = await readMe(graphAs(token))
  return { token, account: { tenantId: token.tenantId, ...me, directoryRoles: [], appRoles: [] } }
}

const told = ({ grants }: GrantPlan) => ({
  granted: grants.filter(({ status }) => status === 'to-grant').map(({ value }) => value),
  alreadyGranted: grants.filter(({ status }) => status === 'granted').map(({ value }) => value),
})

const notPresent = (app: string) =>
  new Problem({
    code: 'SERVICE_PRINCIPAL_MISSING',
    owner: 'customer-administrator',
    message: `${app} is not present in the tenant, so nothing can be granted to it.`,
    nextStep: 'An administrator of the tenant signs up on the landing page; that grants everything, too.',
    retry: 'never',
    confidence: 'certain',
  })

const mayNotGrant = () =>
  new Problem({
    code: 'MAY_NOT_GRANT',
    owner: 'customer-administrator',
    message:
      'Who signed in holds no directory role that may grant permissions of Microsoft Graph. Nothing was changed.',
    nextStep: 'Let a Global Administrator or a Privileged Role Administrator of the tenant sign in.',
    retry: 'never',
    confidence: 'certain',
  })
