import type { ObjectId, TenantId } from '#model/ids.ts'
import { type Diagnosis, Problem } from '#model/problem.ts'

export const TENANT_STATES = [
  'invited',
  'consenting',
  'consented',
  'granting',
  'verifying',
  'active',
  'degraded',
  'suspended',
  'revoked',
  'offboarding',
  'offboarded',
] as const
export type TenantState = (typeof TENANT_STATES)[number]

/** A customer's directory, as we know it. Its ids never change once set: a repair corrects everything else. */
export type Tenant = {
  id: TenantId
  displayName: string
  /** For example fabrikam.onmicrosoft.com. */
  defaultDomain: string | null
  /** Our service principal in that tenant; null until it has been seen. */
  servicePrincipalId: ObjectId | null
  state: TenantState
  /** Why it is in this state, where something went wrong. */
  diagnosis: Diagnosis | null
  /** The end of its latest sign-up. */
  connectedAt: Date | null
  createdAt: Date
  updatedAt: Date
}

/** Where a tenant may go from where it is. Moves are data: the store refuses any other, and the docs draw this table. */
export const MOVES: Record<TenantState, readonly TenantState[]> = {
  invited: ['consenting', 'offboarded'],
  consenting: ['consented', 'invited', 'offboarded'],
  consented: ['granting', 'verifying', 'consenting', 'revoked', 'offboarded'],
  granting: ['verifying', 'consented', 'revoked', 'offboarded'],
  verifying: ['active', 'consented', 'granting', 'revoked', 'offboarded'],
  active: ['degraded', 'suspended', 'revoked', 'verifying', 'offboarding'],
  degraded: ['active', 'suspended', 'revoked', 'verifying', 'granting', 'offboarding'],
  suspended: ['active', 'degraded', 'revoked', 'verifying', 'offboarding'],
  revoked: ['consented', 'verifying', 'active', 'degraded', 'offboarding', 'offboarded'],
  offboarding: ['offboarded'],
  offboarded: ['consenting', 'consented', 'verifying'],
}

/** The states in which the daemon works for a tenant. */
export const WORKING_STATES: readonly TenantState[] = ['active', 'degraded']

export const mayMove = (from: TenantState, to: TenantState): boolean => from === to || MOVES[from].includes(to)

/** @throws Problem STATE_MOVE_REFUSED */
export function assertMove(from: TenantState, to: TenantState): void {
  if (mayMove(from, to)) return
  throw new Problem({
    code: 'STATE_MOVE_REFUSED',
    owner: 'operator',
    message: `A tenant that is ${from} cannot become ${to}.`,
    nextStep:
      from === 'offboarded'
        ? 'To bring it back, let an administrator of the tenant sign up on the landing page.'
        : `From ${from} it may become: ${MOVES[from].join(', ')}.`,
    retry: 'never',
    confidence: 'certain',
  })
}
