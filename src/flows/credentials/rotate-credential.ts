import { addSecret, findRegistration, removeSecret } from '#graph/applications.ts'
import { diagnose, Problem } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'config' | 'clock' | 'store' | 'log' | 'graphAsApp'>

const DAY = 86_400_000

export type AddedCredential = {
  keyId: string
  secret: string
  expiresAt: Date
  /** False where the database did not take the line of the audit: the secret is there all the same, and nobody else has it. */
  audited: boolean
}

/**
 * Adds a secret to the app registration, beside those that are there, so that nothing stops. It is shown to whoever asked
 * and kept nowhere.
 * @throws Problem PERMISSION_MISSING when the app may not change its own registration
 */
export async function addCredential(
  tools: Needs,
  { days, actor }: { days: number; actor: string },
): Promise<AddedCredential> {
  const { clock } = tools
  const name = `Tenantry ${clock.now().toISOString().slice(0, 10)}`
  const expiresAt = new Date(clock.now().getTime() + days * DAY)
  const added = await ofOurs(tools, 'reset --append', (graph, applicationId) =>
    addSecret(graph, { applicationId, name, expiresAt }),
  )
  return { ...added, audited: await audit(tools, { actor, action: 'credential.added', keyId: added.keyId }) }
}

/**
 * Takes a secret out of the app registration, once no process uses it any more.
 * @returns whether the database took the line of the audit: the secret is gone all the same
 * @throws Problem PERMISSION_MISSING
 */
export async function removeCredential(
  tools: Needs,
  { keyId, actor }: { keyId: string; actor: string },
): Promise<{ audited: boolean }> {
  await ofOurs(tools, `delete --key-id ${keyId}`, (graph, applicationId) =>
    removeSecret(graph, { applicationId, keyId }),
  )
  return { audited: await audit(tools, { actor, action: 'credential.removed', keyId }) }
}

/** What Microsoft has done is done, whatever the database says. @returns whether the line was written */
const audit = (
  { config, store, log }: Needs,
  { actor, action, keyId }: { actor: string; action: string; keyId: string },
): Promise<boolean> =>
  asFleet(store, (sql) => addAudit(sql, { tenantId: config.homeTenantId, actor, action, detail: { keyId } })).then(
    () => true,
    (error: unknown) => {
      log.error({ err: error, actor, action, keyId }, 'a change of our credentials stands in no audit')
      return false
    },
  )

async function ofOurs<Value>(
  { config, graphAsApp }: Needs,
  byHand: string,
  work: (graph: ReturnType<Tools['graphAsApp']>, applicationId: string) => Promise<Value>,
): Promise<Value> {
  try {
    const graph = graphAsApp(config.homeTenantId)
    const registration = await findRegistration(graph, config.clientId)
    if (!registration) throw mayNot(config.clientId, byHand)
    return await work(graph, registration.id)
  } catch (error) {
    if (['PERMISSION_MISSING', 'SERVICE_PRINCIPAL_MISSING'].includes(diagnose(error).code))
      throw mayNot(config.clientId, byHand, error)
    throw error
  }
}

const mayNot = (clientId: string, byHand: string, cause?: unknown) =>
  new Problem(
    {
      code: 'PERMISSION_MISSING',
      owner: 'operator',
      message: 'The app may not change its own registration in the home tenant.',
      nextStep: `Do it by hand (az ad app credential ${byHand} --id ${clientId}), or grant it Application.ReadWrite.OwnedBy there and make it an owner of itself.`,
      retry: 'never',
      confidence: 'certain',
    },
    { cause },
  )
