import { z } from 'zod'
import type { AppRoleAssignment, ServicePrincipal } from '#emulator/directory/types.ts'

/**
 * How late Microsoft's replicas hear of a change, counted in questions asked, so that nobody has to wait: a new service
 * principal is unknown to the first `servicePrincipalReads` questions, a new app role assignment is missing from the
 * first `assignmentTokens` tokens, and the first `assignmentWrites` assignments to a new service principal are refused. Zero is a world without lag.
 */
export const lagSchema = z.strictObject({
  servicePrincipalReads: z.number().int().min(0).default(0),
  servicePrincipalTokens: z.number().int().min(0).default(0),
  assignmentWrites: z.number().int().min(0).default(0),
  assignmentTokens: z.number().int().min(0).default(0),
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
}

export const NO_LAG: LagSettings = {
  servicePrincipalReads: 0,
  servicePrincipalTokens: 0,
  assignmentWrites: 0,
  assignmentTokens: 0,
}

/** Only what comes into being after `set` lags: the estate is old. */
export function openLag(now: () => Date): Lag {
  let settings = NO_LAG
  let since = now()
  let asked = new Map<string, number>()
  const stillHidden = (kind: keyof LagSettings, id: string): boolean => {
    const key = `${kind}:${id}`
    const count = (asked.get(key) ?? 0) + 1
    asked.set(key, count)
    return count <= settings[kind]
  }
  const young = (createdAt: Date) => createdAt >= since
  return {
    settings: () => settings,
    set(next) {
      settings = next
      since = now()
      asked = new Map()
    },
    hidesServicePrincipal: ({ id, createdAt }) => young(createdAt) && stillHidden('servicePrincipalReads', id),
    hidesFromToken: ({ id, createdAt }) => young(createdAt) && stillHidden('servicePrincipalTokens', id),
    refusesReference: ({ id, createdAt }) => young(createdAt) && stillHidden('assignmentWrites', id),
    hidesRole: ({ id, createdAt }) => young(createdAt) && stillHidden('assignmentTokens', id),
  }
}
