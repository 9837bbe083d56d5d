import { policiesForUser, policiesForWorkload } from '#emulator/directory/conditional-access.ts'
import { isRevoked, securityOf } from '#emulator/directory/security.ts'
import type { AccessPolicy, Application, Tenant } from '#emulator/directory/types.ts'
import { byPolicy, EntraError, ticks } from '#emulator/entra/errors.ts'
import type { Parties } from '#emulator/entra/sign-in/consent.ts'
import type { SignIn } from '#emulator/entra/state.ts'
import type { World } from '#emulator/world.ts'

/** The second factor of everybody here. */
export const SECOND_FACTOR = '123456'
export const MFA = 'mfa'

/** What a person at the page still has to do for the policies: nothing, prove or set up the second factor, sign in anew. */
export type Demand = 'none' | 'code' | 'set-up' | 'sign-in'

/**
 * The policies of the tenant, for somebody at the sign-in page.
 * @throws EntraError 53003 or 53000 for what nobody can satisfy there
 */
export function demandOf(world: World, parties: Parties, signIn: SignIn, resource: Application): Demand {
  const policies = refuseBlocked(parties, resource)
  const { tenant, user } = parties
  if (isTooOld(world, policies, signIn)) return 'sign-in'
  if (!policies.some(({ requires }) => requires === 'mfa') || signIn.methods.includes(MFA)) return 'none'
  return securityOf(world.directory, tenant.id, user.id).hasSecondFactor ? 'code' : 'set-up'
}

/**
 * The policies of the tenant, where nobody can be asked: a refresh, on behalf of, a password.
 * @throws EntraError 50173, 53003, 53000, 70043, 50076, 50079
 */
export function refuseByAccess(world: World, parties: Parties, signIn: SignIn, resource: Application): void {
  const { tenant, user } = parties
  const { revokedAt, hasSecondFactor } = securityOf(world.directory, tenant.id, user.id)
  if (revokedAt && isRevoked(world.directory, tenant.id, user.id, signIn.atMilliseconds))
    throw new EntraError(50173, ticks(new Date(signIn.atMilliseconds)), ticks(revokedAt))
  const policies = refuseBlocked(parties, resource)
  if (isTooOld(world, policies, signIn))
    throw new EntraError(
      70043,
      ticks(new Date(signIn.atMilliseconds)),
      String(Math.min(...policies.flatMap(({ signInFrequencySeconds }) => signInFrequencySeconds ?? []))),
    )
  const wanting = policies.filter(({ requires }) => requires === 'mfa')
  if (wanting.length > 0 && !signIn.methods.includes(MFA))
    throw byPolicy(new EntraError(hasSecondFactor ? 50076 : 50079, resource.appId), wanting)
}

/**
 * The policies for applications that act by themselves.
 * @throws EntraError 53003
 */
export function refuseWorkload(tenant: Tenant, application: Application, resource: Application): void {
  const blocking = policiesForWorkload(tenant, application.appId, resource.appId).filter(
    ({ requires }) => requires === 'block',
  )
  if (blocking.length > 0) throw byPolicy(new EntraError(53003), blocking)
}

function refuseBlocked({ tenant, user, application }: Parties, resource: Application): AccessPolicy[] {
  const policies = policiesForUser(tenant, user, [resource.appId, application.appId])
  const blocking = policies.filter(({ requires }) => requires === 'block')
  if (blocking.length > 0) throw byPolicy(new EntraError(53003), blocking)
  const wantingDevice = policies.filter(({ requires }) => requires === 'compliant-device')
  if (wantingDevice.length > 0) throw byPolicy(new EntraError(53000, 'unregistered'), wantingDevice)
  return policies
}

function isTooOld({ clock }: World, policies: readonly AccessPolicy[], { atMilliseconds }: SignIn): boolean {
  const ageSeconds = (clock.now().getTime() - atMilliseconds) / 1000
  return policies.some(
    ({ signInFrequencySeconds }) => signInFrequencySeconds !== null && ageSeconds > signInFrequencySeconds,
  )
}
