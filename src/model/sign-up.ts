import type { ObjectId, SignUpId, TenantId } from '#model/ids.ts'
import type { Diagnosis } from '#model/problem.ts'

/**
 * Where an administrator is on the way. `begun` sent to Microsoft; `signed-in` proven who and which tenant;
 * `granting` we are adding app role assignments; `verifying` waiting until a fresh app-only token carries every role;
 * `connected` done; `failed` ended with a diagnosis, may be begun again.
 */
export const SIGN_UP_STATES = ['begun', 'signed-in', 'granting', 'verifying', 'connected', 'failed'] as const
export type SignUpState = (typeof SIGN_UP_STATES)[number]

/** One line of visible progress on the way to `connected`. */
export type ProgressStep = {
  /** For people: "Waiting for Microsoft to show the new service principal". */
  text: string
  state: 'running' | 'done' | 'waiting' | 'failed'
}

export type SignUp = {
  id: SignUpId
  state: SignUpState
  /** Set when the sign-up belongs to an invitation: only an administrator of this tenant may finish it. */
  invitedTenantId: TenantId | null
  /** Proven by a validated ID token, never by a query parameter. */
  tenantId: TenantId | null
  administratorId: ObjectId | null
  progress: readonly ProgressStep[]
  diagnosis: Diagnosis | null
  createdAt: Date
  expiresAt: Date
  updatedAt: Date
}
