import { authorizationUrl, redeemCode } from '#entra/administrator-sign-in.ts'
import { fromRedirect } from '#entra/errors.ts'
import { newSignIn } from '#entra/new-sign-in.ts'
import { reportViolations } from '#flows/incidents/report-violations.ts'
import type { Callback } from '#flows/sign-up/complete-sign-up.ts'
import type { Operator, SignInTicket } from '#model/administrator.ts'
import { Problem, type ProblemCode } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import type { Tools } from '#tools.ts'

/** The app role that makes one of the ISV's own people an operator; assigned in the home tenant. */
export const OPERATOR_ROLE = 'Tenantry.Operator'
const SCOPES = ['openid', 'profile'] as const

/** Where Microsoft sends an operator back to; registered with the application. */
export const operatorRedirectUri = (consoleUrl: string): string => `${consoleUrl}/sign-in/callback`

export async function beginOperatorSignIn({
  config,
  entra,
}: Pick<Tools, 'config' | 'entra'>): Promise<{ redirectTo: string; ticket: SignInTicket }> {
  const { challenge, ...ticket } = newSignIn()
  const redirectTo = await authorizationUrl(entra, {
    tenant: config.homeTenantId,
    redirectUri: operatorRedirectUri(config.consoleUrl),
    scopes: SCOPES,
    state: ticket.state,
    nonce: ticket.nonce,
    challenge,
  })
  return { redirectTo, ticket }
}

/**
 * Being signed in is not being allowed: only the home tenant's people who hold the operator role come in.
 * @throws Problem NOT_AN_OPERATOR, SIGN_UP_OTHER_BROWSER, ID_TOKEN_INVALID and what Microsoft sent back
 */
export async function completeOperatorSignIn(
  tools: Pick<Tools, 'config' | 'entra' | 'store'> & Parameters<typeof reportViolations>[0],
  { ticket, callback }: { ticket: SignInTicket | null; callback: Callback },
): Promise<Operator> {
  const { config, entra, store } = tools
  if (!ticket || !callback.state || callback.state !== ticket.state)
    throw refused('SIGN_UP_OTHER_BROWSER', 'This sign-in was not begun in this browser.', 'Sign in again.')
  if (callback.error) throw fromRedirect(callback)
  const { code } = callback
  if (!code) throw refused('SIGN_IN_FAILED', 'Microsoft sent neither a code nor an error.', 'Sign in again.')
  const { account } = await reportViolations(tools, config.homeTenantId, () =>
    redeemCode(entra, {
      tenant: config.homeTenantId,
      code,
      verifier: ticket.verifier,
      nonce: ticket.nonce,
      redirectUri: operatorRedirectUri(config.consoleUrl),
      scopes: SCOPES,
      ...(callback.iss ? { issuer: callback.iss } : {}),
    }),
  )
  const allowed = account.tenantId === config.homeTenantId && account.appRoles.includes(OPERATOR_ROLE)
  await asFleet(store, (sql) =>
    addAudit(sql, {
      tenantId: null,
      actor: `operator:${account.objectId}`,
      action: allowed ? 'console.signed-in' : 'console.refused',
    }),
  )
  if (!allowed)
    throw refused(
      'NOT_AN_OPERATOR',
      'You are signed in, but you are not an operator.',
      `Ask for the app role ${OPERATOR_ROLE} in your own tenant.`,
    )
  return { objectId: account.objectId, name: account.name, username: account.username }
}

const refused = (code: ProblemCode, message: string, nextStep: string) =>
  new Problem({ code, owner: 'operator', message, nextStep, retry: 'never', confidence: 'certain' })
