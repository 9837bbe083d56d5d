import { z } from 'zod'
import type { Application, AppRoleAssignment, ServicePrincipal } from '#emulator/directory/types.ts'

const questions = z.number().int().min(0).default(0)

/**
 * How late Microsoft's replicas hear of a change, counted in questions asked, so that nobody has to wait. Zero is a world
 * without lag; of every kind, only what came into being after the setting lags.
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
  /** A new application is unknown to the first questions and changes. */
  applicationReads: questions,
  /** A new application is not good for a service principal the first times. */
  applicationReferences: questions,
  /** Bounded: hidden, then seen. Adversarial: seen by every other question while it lags, as by replicas taking turns. */
  consistency: z.enum(['bounded', 'adversarial']).default('bounded'),
})
export type LagSettings = z.output<typeof lagSchema>

export type Lag = {
  settings(): LagSettings
  set(settings: LagSettings): void
  /** Each asks once: true while the object is still hidden from this kind of question. */
  hidesServicePrincipal(servicePrincipal: ServicePrincipal): boolean
  hidesFromToken(servicePrincipal: ServicePrincipal): boolean
  refusesReference(servicePrincipal: ServicePrincipal): boolean
  hidesRole(assignment: AppRoleAssignment): boolean
  hidesApplication(application: Application): boolean
  /** Graph has two texts for it, which come in turn. */
  refusesBacking(application: Application): 'no backing object' | 'not in the local tenant' | null
}

export const NO_LAG: LagSettings = lagSchema.parse({})

type Kind = Exclude<keyof LagSettings, 'consistency'>
type Lagging = { id: string; createdAt: Date }

export function openLag(now: () => Date): Lag {
  let settings = NO_LAG
  let since = now()
  let asked = new Map<string, number>()
  /** @returns how often this was asked while it was hidden, this time included; 0 when it is seen */
  const hidden = (kind: Kind, { id, createdAt }: Lagging): number => {
    if (settings[kind] === 0 || createdAt < since) return 0
    const key = `${kind}:${id}:${createdAt.getTime()}`
    const count = (asked.get(key) ?? 0) + 1
    asked.set(key, count)
    if (settings.consistency === 'bounded') return count <= settings[kind] ? count : 0
    return count < settings[kind] * 2 && count % 2 === 1 ? (count + 1) / 2 : 0
  }
  const isHidden = (kind: Kind) => (object: Lagging) => hidden(kind, object) > 0
  return {
    settings: () => settings,
    set(next) {
      settings = next
      since = now()
      asked = new Map()
    },
    hidesServicePrincipal: isHidden('servicePrincipalReads'),
    hidesFromToken: isHidden('servicePrincipalTokens'),
    refusesReference: isHidden('assignmentWrites'),
    hidesRole: isHidden('assignmentTokens'),
    hidesApplication: isHidden('applicationReads'),
    refusesBacking(application) {
      const count = hidden('applicationReferences', application)
      if (count === 0) return null
      return count % 2 === 1 ? 'no backing object' : 'not in the local tenant'
    },
  }
}
