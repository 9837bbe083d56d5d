import { z } from 'zod'

const questions = z.number().int().min(0).default(0)

/**
 * How late Microsoft's replicas hear of a change, counted in questions asked, so that nobody has to wait. Zero is a world
 * without lag; of every kind, only what was written after the setting lags.
 */
export const lagSchema = z.strictObject({
  /** A new service principal is unknown to the first questions. */
  servicePrincipalReads: questions,
  /** The first tokens of a new service principal are refused. */
  servicePrincipalTokens: questions,
  /** The first assignments to a new service principal are refused. */
  assignmentWrites: questions,
  /** A new app role assignment is missing from the first tokens. */
  assignmentTokens: questions,
  /** Graph refuses the first calls that need a new app role assignment, whatever the token says. */
  assignmentChecks: questions,
  /** A new application is unknown to the first questions and changes. */
  applicationReads: questions,
  /** A new application is not good for a service principal the first times. */
  applicationReferences: questions,
  /** A new app role of an application cannot be assigned the first times. */
  appRoleReferences: questions,
  /** A new secret or certificate is unknown to the first token requests. */
  credentialTokens: questions,
  /** A user that was created, changed or deleted is missing, old or still there. */
  userReads: questions,
  /** The same for a group. */
  groupReads: questions,
  /** Members of a group who came or went. */
  memberReads: questions,
  /** A change is missing from the first rounds of delta. */
  deltaReads: questions,
  /**
   * Strong: no lag, whatever the settings say. Bounded: behind, then not any more. Adversarial: both in turn while it
   * lags, as with replicas that take turns.
   */
  consistency: z.enum(['strong', 'bounded', 'adversarial']).default('bounded'),
  /** With a seed each replica hears of each write after another number of questions, the setting at most. */
  seed: z.number().int().nullable().default(null),
  /** With a seed and adversarial: among how many replicas the questions are dealt out. */
  replicas: z.number().int().min(1).max(9).default(3),
})
export type LagSettings = z.output<typeof lagSchema>

export const NO_LAG: LagSettings = lagSchema.parse({})

/** Settings that count questions. */
export type LagKind = Exclude<keyof LagSettings, 'consistency' | 'seed' | 'replicas'>
