import { timingSafeEqual } from 'node:crypto'
import { redeemCode } from '#entra/administrator-sign-in.ts'
import { fromRedirect } from '#entra/errors.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { signUpRedirectUri } from '#flows/sign-up/begin-sign-up.ts'
import { stateHash } from '#flows/sign-up/state-hash.ts'
import type { AdministratorStep, SignUpTicket } from '#model/administrator.ts'
import { SIGN_UP_SCOPES } from '#model/app.ts'
import { diagnose, Problem, type ProblemCode } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { takeSignUp, updateSignUp } from '#store/sign-ups.ts'
import type { Tools } from '#tools.ts'

/** What came back in the query of the redirect. Nothing of it is proof. */
export type Callback = {
  state?: string
  code?: string
  error?: string
  error_description?: string
  error_subcode?: string
  iss?: string
}

type Needs = Pick<Tools, 'config'> & Parameters<typeof raiseAlarm>[0]

/**
 * Proves who came back and from which tenant: the state belongs to this browser and is used once, the code is redeemed
 * with its verifier, the ID token is validated, and an invitation's tenant is the one that signed in.
 * @param input.ticket what the browser's sealed cookie held; null when it held none
 * @throws Problem with an owner and a next step for each way in which this can fail
 */
export async function completeSignUp(
  tools: Needs,
  { ticket, callback }: { ticket: SignUpTicket | null; callback: Callback },
): Promise<AdministratorStep> {
  try {
    const told = ticket ? { 'tenantry.sign_up': ticket.signUpId } : {}
    return await tools.telemetry.span(
      'sign-up returned',
      () => told,
      () => complete(tools, ticket, callback),
    )
  } catch (error) {
    const missed = (second: unknown) =>
      tools.log.error({ err: second, signUpId: ticket?.signUpId }, 'that a sign-in was rejected could not be stored')
    await recordRejection(tools, ticket, error).catch(missed)
    // What the query of a redirect says anybody may have written: it is told to whoever brought it, and proves nothing of ours.
    if (callback.error === undefined)
      await raiseAlarm(tools, { tenantId: null, diagnosis: diagnose(error) }).catch(missed)
    throw error
  }
}

async function complete(
  { config, entra, store }: Needs,
  ticket: SignUpTicket | null,
  callback: Callback,
): Promise<AdministratorStep> {
  if (!callback.state)
    throw restart('SIGN_UP_UNKNOWN', 'This page ends a sign-in at Microsoft, and none was begun here.')
  if (!ticket || !sameText(callback.state, ticket.state))
    throw restart('SIGN_UP_OTHER_BROWSER', 'This sign-up was not begun in this browser, or it was begun again since.')

  const state = callback.state
  const taken = await asFleet(store, (sql) => takeSignUp(sql, { stateHash: stateHash(state) }))
  if (taken === 'unknown') throw restart('SIGN_UP_UNKNOWN', 'This sign-up is not known.')
  if (taken === 'used') throw restart('SIGN_UP_USED', 'This step of the sign-up has been done already.')
  if (taken === 'expired')
    throw restart(
      'SIGN_UP_EXPIRED',
      `Whoever goes to Microsoft has ${config.signUpValidMinutes} minutes to sign in and come back.`,
    )

  if (callback.error) throw fromRedirect(callback)
  if (!callback.code) throw restart('SIGN_UP_UNKNOWN', 'Microsoft sent neither a code nor an error.')
  const { account, token } = await redeemCode(entra, {
    tenant: ticket.invitedTenantId ?? 'organizations',
    code: callback.code,
    verifier: ticket.verifier,
    nonce: ticket.nonce,
    redirectUri: signUpRedirectUri(config.publicUrl),
    scopes: SIGN_UP_SCOPES,
    ...(callback.iss ? { issuer: callback.iss } : {}),
  })
  if (ticket.invitedTenantId && account.tenantId !== ticket.invitedTenantId)
    throw wrongTenant(account.tenantId, ticket.invitedTenantId)

  await asFleet(store, async (sql) => {
    await updateSignUp(sql, ticket.signUpId, {
      state: 'signed-in',
      tenantId: account.tenantId,
      administratorId: account.objectId,
    })
    await addAudit(sql, {
      tenantId: account.tenantId,
      actor: `administrator:${account.objectId}`,
      action: 'sign-up.signed-in',
    })
  })
  return { signUpId: ticket.signUpId, account, token }
}

/** Every refusal leaves a trace; the sign-up itself is marked only when it was really ours. */
async function recordRejection({ store, log }: Needs, ticket: SignUpTicket | null, error: unknown): Promise<void> {
  const diagnosis = diagnose(error)
  log.warn({ err: error, signUpId: ticket?.signUpId }, 'a sign-in was rejected')
  const ours = ticket !== null && !BELONG_TO_NONE.includes(diagnosis.code)
  await asFleet(store, async (sql) => {
    if (ours) await updateSignUp(sql, ticket.signUpId, { state: 'failed', diagnosis })
    await addAudit(sql, {
      tenantId: null,
      actor: 'somebody',
      action: 'sign-up.rejected',
      detail: { code: diagnosis.code },
    })
  })
}

/** An answer that ends no sign-up. */
const BELONG_TO_NONE: readonly ProblemCode[] = ['SIGN_UP_UNKNOWN', 'SIGN_UP_OTHER_BROWSER', 'SIGN_UP_USED']

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const restart = (code: ProblemCode, message: string) =>
  new Problem({
    code,
    owner: 'customer-administrator',
    message,
    nextStep: 'Start the sign-up again and finish it in the same browser.',
    retry: 'never',
    confidence: 'certain',
  })

const wrongTenant = (signedIn: string, invited: string) =>
  new Problem({
    code: 'SIGN_UP_WRONG_TENANT',
    owner: 'customer-administrator',
    message: `This invitation is for the tenant ${invited}, but you signed in to ${signedIn}. Nothing was changed in either.`,
    nextStep: 'Open the invitation again and sign in with an administrator of the invited tenant.',
    retry: 'never',
    confidence: 'certain',
  })
