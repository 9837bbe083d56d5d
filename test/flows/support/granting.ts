import { DEMO } from '#emulator/index.ts'
import { applyGrants } from '#flows/grants/apply-grants.ts'
import { findSignUpFor } from '#flows/sign-up/find-sign-up.ts'
import type { AdministratorStep } from '#model/administrator.ts'
import type { TenantId } from '#model/ids.ts'
import { provenAdministrator } from '#test/support/administrator.ts'
import { graceOf, type Installation } from '#test/support/installation.ts'

/** What tests of granting do again and again. */
export type Granting = {
  /** A Global Administrator of the tenant, on the welcome page. */
  arrive(tenantId: TenantId): Promise<AdministratorStep>
  /** Presses “Grant”. @returns how the sign-up stands afterwards: its state and, where it failed, the code */
  grant(step: AdministratorStep, signal?: AbortSignal): Promise<[state: string | undefined, code: string | undefined]>
  /** Assignments that Graph was asked for, by the status that it answered with. */
  asked(tenantId: TenantId): number[]
  /** Somebody grants it by hand, elsewhere. */
  grantByHand(tenant: TenantId, permission: string): Promise<unknown>
}

export function openGranting(installation: Installation): Granting {
  const { emulator, tools } = installation
  return {
    arrive: (tenantId) => provenAdministrator(installation, graceOf(tenantId)),
    async grant(step, signal = new AbortController().signal) {
      await applyGrants(tools, step, signal)
      const found = await findSignUpFor(tools, step)
      return [found?.state, found?.diagnosis?.code]
    },
    asked: (tenantId) =>
      emulator.requests
        .list({ path: 'appRoleAssignedTo', tenantId })
        .filter(({ method }) => method === 'POST')
        .map(({ status }) => status),
    grantByHand: (tenant, permission) => emulator.directory.grantPermission({ tenant, app: DEMO.appId, permission }),
  }
}
