import { findApplication } from '#emulator/directory/applications.ts'
import { listTenants } from '#emulator/directory/tenants.ts'
import { findUser, listNamedUsers } from '#emulator/directory/users.ts'
import { SECOND_FACTOR } from '#emulator/entra/conditional-access.ts'
import { readScopes } from '#emulator/entra/scopes.ts'
import { adminConsentContents } from '#emulator/entra/sign-in/admin-consent.ts'
import { needOf, partiesOf } from '#emulator/entra/sign-in/parties.ts'
import type { EntraState, Interaction } from '#emulator/entra/state.ts'
import { codePage, newPasswordPage, setUpPage } from '#emulator/pages/proof.ts'
import {
  accountPage,
  approvalPage,
  consentPage,
  type DemoAccount,
  passwordPage,
  pickPage,
} from '#emulator/pages/sign-in.ts'
import type { World } from '#emulator/world.ts'

/** The page of the step at which an interaction stands. */
export function render(world: World, state: EntraState, interaction: Interaction): ReturnType<typeof accountPage> {
  const { step, request } = interaction
  const appName = findApplication(world.directory, request.appId)?.displayName ?? ''
  if (step === 'account') return accountPage(interaction, appName, demoAccounts(world))
  if (step === 'password') return passwordPage(interaction, appName)
  if (step === 'new-password') return newPasswordPage(interaction)
  if (step === 'code' || step === 'set-up') {
    const { user } = partiesOf(world, interaction)
    return step === 'code' ? codePage(interaction, user, SECOND_FACTOR) : setUpPage(interaction, user)
  }
  if (step === 'pick') {
    const { accounts } = state.session(interaction.sessionId)
    return pickPage(
      interaction,
      appName,
      accounts.flatMap(({ tenantId, id }) => findUser(world.directory, tenantId, id) ?? []),
    )
  }
  return request.purpose === 'sign-in' ? renderConsent(world, interaction) : renderAdminConsent(world, interaction)
}

function renderConsent(world: World, interaction: Interaction) {
  const parties = partiesOf(world, interaction)
  const need = needOf(world, interaction, parties)
  const permissions =
    need.kind === 'none'
      ? []
      : need.wanted.flatMap((part) =>
          part.permissions.map((permission) => ({
            name: permission.adminConsentDisplayName,
            description: permission.adminConsentDescription,
          })),
        )
  const parts = { interaction, ...parties, permissions }
  return need.kind === 'approval'
    ? approvalPage({ ...parts, reason: need.reason, mayRequest: parties.tenant.adminConsentWorkflow })
    : consentPage({ ...parts, forAll: need.kind === 'ask' && need.mayConsentForAll, alwaysForAll: false })
}

function renderAdminConsent(world: World, interaction: Interaction) {
  const parties = partiesOf(world, interaction)
  const asked = readScopes(world.directory, interaction.request.scopes, parties.tenant.displayName)
  const permissions = adminConsentContents(world.directory, parties.application, asked).flatMap((part) => [
    ...part.permissions.map((permission) => ({
      name: permission.adminConsentDisplayName,
      description: permission.adminConsentDescription,
    })),
    ...part.roles.map(({ displayName, description }) => ({ name: displayName, description })),
  ])
  const parts = { interaction, ...parties, permissions }
  return interaction.step === 'approval'
    ? approvalPage({ ...parts, reason: 90094, mayRequest: false })
    : consentPage({ ...parts, forAll: false, alwaysForAll: true })
}

/** The accounts that can sign in, so that whoever tries the emulator need not look for them. */
function demoAccounts({ directory }: World): DemoAccount[] {
  return listTenants(directory).flatMap((tenant) =>
    [...listNamedUsers(directory, tenant.id)]
      .filter(({ password }) => password !== null)
      .slice(0, 8)
      .map((user) => ({
        name: user.userPrincipalName,
        role: user.jobTitle ?? user.displayName,
        tenant: tenant.displayName,
      })),
  )
}
