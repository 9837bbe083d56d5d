import { tryToken } from '#flows/incidents/try-token.ts'
import { type Diagnosis, diagnose, Problem } from '#model/problem.ts'

/** What Microsoft says both when a customer removed or disabled our service principal and when our own application is gone. */
const OURS_OR_THEIRS = ['AADSTS700016', 'AADSTS7000112']

/**
 * Finds out whose doing it is by asking at home: if the ISV's own tenant gets the same answer, it is the application
 * itself, and no customer has ended anything.
 * @returns the error, or one whose owner is our operator
 */
export async function settleDoubt(tools: Parameters<typeof tryToken>[0], error: unknown): Promise<unknown> {
  const { sourceCode = '' } = diagnose(error)
  if (!OURS_OR_THEIRS.includes(sourceCode)) return error
  const atHome = await tryToken(tools, tools.entra.homeTenantId)
  return atHome?.sourceCode === sourceCode ? ours(atHome, error) : error
}

const ours = (atHome: Diagnosis, cause: unknown) =>
  new Problem(
    {
      ...atHome,
      code: 'APPLICATION_MISCONFIGURED',
      owner: 'operator',
      message: 'Our own application is disabled or gone, in our own tenant: no customer has ended anything.',
      nextStep: 'Look at the app registration in your home tenant, and at messages from Microsoft about it.',
      retry: 'backoff',
      confidence: 'certain',
    },
    { cause },
  )
