import type { TenantState } from '#model/tenant.ts'
import { type BadgeTone, badge } from '#pages/components/badge.ts'
import type { IconName } from '#pages/components/icon.ts'
import type { Html } from '#pages/html.ts'

const LOOKS: Record<TenantState, [text: string, tone: BadgeTone, icon: IconName]> = {
  invited: ['Invited', 'neutral', 'clock'],
  consenting: ['Consenting', 'info', 'clock'],
  consented: ['Consented', 'info', 'clock'],
  granting: ['Granting', 'info', 'refresh'],
  verifying: ['Verifying', 'info', 'refresh'],
  active: ['Active', 'success', 'check'],
  degraded: ['Degraded', 'warning', 'warning'],
  suspended: ['Suspended', 'neutral', 'pause'],
  revoked: ['Revoked', 'danger', 'cross'],
  offboarding: ['Leaving', 'neutral', 'exit'],
  offboarded: ['Left', 'neutral', 'exit'],
}

/** The state of a tenant in a word. */
export const tenantBadge = (state: TenantState): Html => badge(...LOOKS[state])

/** The same word where there is no room for a badge. */
export const tenantStateText = (state: TenantState): string => LOOKS[state][0]
